// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Finds the figure of a picture by anime IS-Net, from a file that the user has.
///
/// ```swift
/// let segmenter = try await FigureSegmenter(path: "isnetis.safetensors")
/// request.referenceMask = try await segmenter.mask(of: sheet, as: .picture).mask
/// ```
///
/// It works on one picture at a time, on a thread of its own. Cancelling the task that waits ends the work within one block
/// of the network.
public actor FigureSegmenter {
  /// What a picture is, which decides what is done before the network and after it.
  public enum Subject: String, Sendable, Hashable, CaseIterable, Codable {
    /// A coloured picture: its negative, centred on a square, and the figure grows by five pixels.
    case picture
    /// A drawing: its prepared lines, squeezed to a square.
    case drawing
  }

  /// What of a coloured picture the network sees.
  public enum Input: String, Sendable, Hashable, CaseIterable, Codable {
    /// The negative on white, as the published application does.
    case negative
    /// The picture itself on black, as the project does that the network comes from (anime-segmentation).
    case positive
  }

  /// The square that the network works on, in pixels a side, as published.
  public static let side = 1024

  /// Its file.
  public nonisolated let path: String
  /// Where it computes.
  public nonisolated let backend: any Backend
  /// What of a coloured picture the network sees.
  public nonisolated let input: Input
  /// What was read of the file.
  public nonisolated let loadReport: LoadReport

  package nonisolated let file: NetworkFile
  private nonisolated let queue: WorkQueue
  private var network: ISNet?

  public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  /// Opens a file and checks it; the network is loaded when it is first used.
  ///
  /// - Parameters:
  ///   - path: safetensors, or of PyTorch.
  ///   - input: what of a coloured picture the network sees.
  ///   - backend: nil for the processor.
  /// - Throws: `WeightError`; ``ColorizeError/unusableModel(path:reason:)`` for a file of something else.
  public init(path: String, input: Input = .negative, backend: (any Backend)? = nil) async throws {
    try await self.init(NetworkFile(path), input: input, backend: backend)
  }

  package init(_ file: NetworkFile, input: Input = .negative, backend: (any Backend)? = nil) async throws {
    guard file.content == .figureSegmentation else {
      throw file.refusal(wanted: "anime IS-Net, which finds figures,")
    }
    let queue = WorkQueue(label: "irodori.figure")
    loadReport = try await queue.run { _ in
      try NetworkContent.check(file.source, unused: ISNet.unusedParts) { try ISNet($0) }
    }
    path = file.path
    self.file = file
    self.input = input
    self.backend = try backend ?? CPUBackend()
    self.queue = queue
  }

  /// The figure of a picture.
  ///
  /// - Parameters:
  ///   - subject: nil takes what looks like lines on paper for a drawing, and all else for a picture.
  ///   - lines: of a drawing, its lines where they are known, dark on white; nil prepares it.
  ///   - progress: called on the segmenter's thread with the share that is done, 0...1. What it throws ends the work.
  /// - Returns: a mask of the picture's size; not cut at a threshold.
  /// - Throws: ``ImageError``; ``ColorizeError/nonFinite(step:of:)``, `WeightError`, `BackendError`
  ///   (`insufficientMemory` before any work), `CancellationError`.
  public func mask(
    of picture: Image, as subject: Subject? = nil, lines: Image? = nil,
    progress: @escaping @Sendable (Double) throws -> Void = { _ in }
  ) throws -> FigureMask {
    var drawing = lines
    if drawing == nil, subject != .picture {
      let prepared = try Self.prepared(picture)
      if subject == .drawing || prepared.report.kind == .lines { drawing = prepared.image }
    }
    try backend.makeRoom(for: memoryDemand(width: picture.width, height: picture.height))
    try file.checkLength()
    defer { backend.releaseCachedMemory() }
    let network = try network ?? NetworkContent.load(file.source, backend: backend) { try ISNet($0) }
    self.network = network
    let segmentation = FigureSegmentation(
      network, side: Self.side, input: input == .negative ? .negative : .positive)
    let (width, height) = (picture.width, picture.height)
    let found: Tensor
    if let drawing {
      let rgb = drawing.opaqueRGB(.darkOnLight)
      let tensor = try Tensor(rgb.floats(.signed), shape: [1, rgb.height, rgb.width, 3], on: backend)
      found = try segmentation.mask(ofLines: tensor, height: height, width: width, progress: progress)
    } else {
      let rgb = picture.opaqueRGB(.darkOnLight)
      let tensor = try Tensor(rgb.floats(.signed), shape: [1, height, width, 3], on: backend)
      found = try segmentation.mask(ofPicture: tensor, progress: progress)
    }
    let values = try found.contiguous().floats()
    guard values.allSatisfy(\.isFinite) else { throw ColorizeError.nonFinite(step: 1, of: 1) }
    return FigureMask(try Mask(width: width, height: height, values: values), by: .network)
  }

  /// What a picture looks like: lines on paper are a drawing.
  ///
  /// - Throws: ``ImageError``.
  public static func subject(of picture: Image) throws(ImageError) -> Subject {
    try prepared(picture).report.kind == .lines ? .drawing : .picture
  }

  private static func prepared(_ picture: Image) throws(ImageError) -> PreparedSketch {
    let factor = min(1, Double(side) / Double(max(picture.width, picture.height)))
    func scaled(_ extent: Int) -> Int { max(1, Int(Double(extent) * factor)) }
    return try picture.prepared(width: scaled(picture.width), height: scaled(picture.height))
  }

  /// Lets the weights go; they are read again when they are needed.
  public func releaseWeights() {
    network = nil
    backend.releaseCachedMemory()
  }

  /// What the network takes with its weights, for a picture of that size. Nothing is computed or loaded.
  ///
  /// - Throws: `BackendError`.
  public nonisolated func memoryDemand(width: Int, height: Int) throws -> MemoryDemand {
    try NetworkContent.demand(file.source, on: backend) { parameters, meter in
      let segmentation = FigureSegmentation(try ISNet(parameters), side: Self.side)
      _ = try segmentation.mask(ofPicture: Tensor(uninitialized: [1, height, width, 3], on: meter))
    }
  }
}
