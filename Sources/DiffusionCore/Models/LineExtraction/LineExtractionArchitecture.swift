// SPDX-License-Identifier: Apache-2.0

/// The networks that find the lines of a picture, and what a file says of their sizes.
public enum LineExtractionArchitecture: Sendable, Hashable {
  /// pix2pix's U-Net, of Anime2Sketch: lines of coloured pictures. `netG.pth`; the published application's “lineart”.
  case pixToPix(PixToPixConfiguration)
  /// MangaLineExtraction: the lines of pages with screentones. `erika.pth`; the published application's “lineart_denoise”.
  case mangaLineExtraction
  /// sketchKeras, the published application's default: the lines of paintings, like a pencil's. `model.pth`;
  /// “lineart_keras”.
  case sketchKeras
  /// Informative drawings, with so many residual blocks: photographs. `sk_model.pth`; “lineart_sk”.
  case informativeDrawing(blocks: Int)

  /// The network's name, for people.
  public var name: String {
    switch self {
    case .pixToPix: "Anime2Sketch"
    case .mangaLineExtraction: "MangaLineExtraction"
    case .sketchKeras: "sketchKeras"
    case .informativeDrawing: "informative drawings"
    }
  }

  /// What both sides of a picture must be multiples of.
  public var sizeMultiple: Int {
    switch self {
    case .pixToPix(let configuration): 1 << configuration.widths.count
    case .mangaLineExtraction: MangaLineExtraction.sizeMultiple
    case .sketchKeras: SketchKeras.sizeMultiple
    case .informativeDrawing: InformativeDrawing.sizeMultiple
    }
  }

  /// The least side of a picture.
  public var minimumSide: Int {
    switch self {
    case .pixToPix, .mangaLineExtraction: sizeMultiple
    case .sketchKeras: SketchKeras.minimumSide
    case .informativeDrawing: InformativeDrawing.minimumSide
    }
  }

  /// Channels of the picture that the network takes.
  public var inputChannels: Int {
    switch self {
    case .pixToPix(let configuration): configuration.inputs
    case .informativeDrawing: 3
    case .mangaLineExtraction, .sketchKeras: 1
    }
  }
}

/// One of the networks of ``LineExtractionArchitecture``, loaded. What each takes and gives stands with it.
public enum LineExtractionNetwork: Sendable {
  case pixToPix(PixToPixGenerator)
  case mangaLineExtraction(MangaLineExtraction)
  case sketchKeras(SketchKeras)
  case informativeDrawing(InformativeDrawing)

  /// Builds the network from its parameters.
  public init(_ p: Parameters, architecture: LineExtractionArchitecture) throws {
    switch architecture {
    case .pixToPix(let configuration):
      self = .pixToPix(try PixToPixGenerator(p, configuration: configuration))
    case .mangaLineExtraction: self = .mangaLineExtraction(try MangaLineExtraction(p))
    case .sketchKeras: self = .sketchKeras(try SketchKeras(p))
    case .informativeDrawing(let blocks): self = .informativeDrawing(try InformativeDrawing(p, blocks: blocks))
    }
  }

  /// The bare network: `[B, H, W, C]` to `[B, H, W, 1]`.
  ///
  /// - Throws: ``BackendError``, `CancellationError`, and what `progress` throws.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    switch self {
    case .pixToPix(let network): try network(x, progress: progress)
    case .mangaLineExtraction(let network): try network(x, progress: progress)
    case .sketchKeras(let network): try network(x, progress: progress)
    case .informativeDrawing(let network): try network(x, progress: progress)
    }
  }
}
