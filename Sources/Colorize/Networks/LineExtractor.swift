// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Finds the lines of any picture by a network whose file the user has: one of the four that the published application
/// knows, told apart by their keys (see `LineExtractionArchitecture`).
///
/// ```swift
/// let extractor = try await LineExtractor(path: "netG.pth")
/// var request = colorizer.request(sketch: cel, reference: .image(sheet))
/// try await request.extractLines(by: extractor, for: colorizer.model)
/// let result = try await colorizer.colorize(request)
/// ```
///
/// It works on one picture at a time, on a thread of its own. Cancelling the task that waits ends the work within one block
/// of the network.
public actor LineExtractor {
  /// Its file.
  public nonisolated let path: String
  /// Which network it is.
  public nonisolated let architecture: LineExtractionArchitecture
  /// Where it computes.
  public nonisolated let backend: any Backend
  /// What was read of the file.
  public nonisolated let loadReport: LoadReport

  package nonisolated let file: NetworkFile
  private nonisolated let queue: WorkQueue
  private var network: LineExtractionNetwork?

  public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  /// Opens a file, recognises and checks it; the network is loaded when it is first used.
  ///
  /// - Parameters:
  ///   - path: safetensors, or of PyTorch.
  ///   - backend: nil for the processor.
  /// - Throws: `WeightError`; ``ColorizeError/unusableModel(path:reason:)`` for a file of something else.
  public init(path: String, backend: (any Backend)? = nil) async throws {
    try await self.init(NetworkFile(path), backend: backend)
  }

  package init(_ file: NetworkFile, backend: (any Backend)? = nil) async throws {
    guard case .lineExtraction(let architecture) = file.content else {
      throw file.refusal(wanted: "a network that finds lines")
    }
    if case .pixToPix(let configuration) = architecture, ![1, 3].contains(configuration.inputs) {
      throw ColorizeError.unusableModel(
        path: file.path, reason: "its network takes \(configuration.inputs) channels; 1 or 3 are expected")
    }
    let queue = WorkQueue(label: "irodori.lines")
    loadReport = try await queue.run { _ in
      try NetworkContent.check(file.source) { try LineExtractionNetwork($0, architecture: architecture) }
    }
    self.path = file.path
    self.file = file
    self.architecture = architecture
    self.backend = try backend ?? CPUBackend()
    self.queue = queue
  }

  /// The lines of a picture.
  ///
  /// The picture is squeezed to the nearest size whose sides the network takes, as in the published application, and
  /// transparency is laid on white.
  ///
  /// - Parameters:
  ///   - polarity: light lines on dark are turned round; anything else is taken for dark ones.
  ///   - width: of the result, and about what the network works on, in pixels.
  ///   - height: the same.
  ///   - progress: called on the extractor's thread with the share that is done, 0...1. What it throws ends the work.
  /// - Throws: ``ImageError`` for a size that an image cannot have; ``ColorizeError/nonFinite(step:of:)``, `WeightError`,
  ///   `BackendError` (`insufficientMemory` before any work), `CancellationError`.
  public func lines(
    of picture: Image, polarity: SketchPolarity = .automatic, width: Int, height: Int,
    progress: @escaping @Sendable (Double) throws -> Void = { _ in }
  ) throws -> ExtractedLines {
    try Image.checkSize(width: width, height: height, file: nil)
    let size = LineExtraction.size(of: architecture, width: width, height: height)
    try backend.makeRoom(for: memoryDemand(width: width, height: height))
    try file.checkLength()
    defer { backend.releaseCachedMemory() }
    let network = try network ?? load()
    self.network = network
    let drawing = picture.opaqueRGB(polarity)
    let fitted = try drawing.resized(width: size.width, height: size.height)
    let values = try LineExtraction(network, backend: backend)(fitted, progress: progress)
    guard values.allSatisfy(\.isFinite) else { throw ColorizeError.nonFinite(step: 1, of: 1) }
    let resized =
      size == ImageSize(width: width, height: height)
      ? values
      : ExtractedLines.resized(values, width: size.width, height: size.height, to: (width, height))
    return ExtractedLines(width: width, height: height, values: resized, network: architecture.name)
  }

  private func load() throws -> LineExtractionNetwork {
    let architecture = self.architecture
    return try NetworkContent.load(file.source, backend: backend) {
      try LineExtractionNetwork($0, architecture: architecture)
    }
  }

  /// Lets the weights go; they are read again when they are needed.
  public func releaseWeights() {
    network = nil
    backend.releaseCachedMemory()
  }

  /// What the network takes with its weights, for lines of that size. Nothing is computed or loaded.
  ///
  /// - Throws: `BackendError`.
  public nonisolated func memoryDemand(width: Int, height: Int) throws -> MemoryDemand {
    let size = LineExtraction.size(of: architecture, width: width, height: height)
    return try NetworkContent.demand(file.source, on: backend) { parameters, meter in
      let network = try LineExtractionNetwork(parameters, architecture: architecture)
      try LineExtraction(network, backend: meter)
        .meter(width: size.width, height: size.height, channels: architecture.inputChannels)
    }
  }
}

extension ColorizeRequest {
  /// Finds the sketch's lines by a network, at the size that the model will work on: the network that colours sees these.
  ///
  /// It sets ``extractedLines`` and the preparation ``SketchPreparation/extracted``. What is changed of the sketch, its size or its
  /// guides afterwards does not change the lines.
  ///
  /// - Throws: as ``LineExtractor/lines(of:polarity:width:height:progress:)``.
  public mutating func extractLines(
    by extractor: LineExtractor, for model: Model, progress: @escaping @Sendable (Double) throws -> Void = { _ in }
  ) async throws {
    let frame = WorkingFrame(self, model.configuration)
    extractedLines = try await extractor.lines(
      of: settings.withoutGuides(sketch), polarity: settings.polarity, width: frame.scaled.width,
      height: frame.scaled.height, progress: progress)
    settings.preparation = .extracted
  }
}

extension Image {
  /// The picture as RGB without transparency, lines dark.
  func opaqueRGB(_ polarity: SketchPolarity) -> Image {
    let isLight = polarity == .lightOnDark
    let paper: UInt8 = isLight ? 0 : 255
    var rgb = channels == 4 ? composited(over: (paper, paper, paper)) : self
    if rgb.channels == 1 {
      rgb = Image(checkedWidth: width, height: height, channels: 3, pixels: rgb.pixels.flatMap { [$0, $0, $0] })
    }
    guard isLight else { return rgb }
    return Image(checkedWidth: width, height: height, channels: 3, pixels: rgb.pixels.map { 255 - $0 })
  }
}
