// SPDX-License-Identifier: Apache-2.0

/// The size of the image encoder.
public struct OpenCLIPVisionConfiguration: Sendable, Hashable, Codable {
  /// The side of the square picture that it reads.
  public var imageSize: Int
  /// The side of a patch.
  public var patchSize: Int
  /// Channels inside.
  public var width: Int
  /// The number of transformer layers.
  public var layers: Int
  /// The number of attention heads.
  public var heads: Int
  /// Channels of a token that comes out.
  public var outputWidth: Int

  enum CodingKeys: String, CodingKey {
    case imageSize = "image_size"
    case patchSize = "patch"
    case outputWidth = "output_dim"
    case width, layers, heads
  }

  /// An image encoder of the given sizes.
  public init(imageSize: Int, patchSize: Int, width: Int, layers: Int, heads: Int, outputWidth: Int) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.width = width
    self.layers = layers
    self.heads = heads
    self.outputWidth = outputWidth
  }

  /// Tokens of a picture, without the class token.
  public var tokenCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }
}

/// OpenCLIP's vision transformer. Keys below `cond_stage_model.visual.model` (an OpenCLIP file has them below `visual`).
///
/// Unlike in CLIP, the final norm and projection apply to all tokens, not to the class token alone.
public struct OpenCLIPVisionTower: Sendable {
  /// The sizes.
  public let configuration: OpenCLIPVisionConfiguration
  /// `conv1`
  let patches: Conv2d
  /// `class_embedding` `[width]`
  let classEmbedding: Tensor
  /// `positional_embedding` `[tokens + 1, width]`
  let positionalEmbedding: Tensor
  /// `ln_pre`, `ln_post`
  let normIn: LayerNorm
  let normOut: LayerNorm
  /// `transformer`
  let transformer: OpenCLIPTransformer
  /// `proj` `[width, output]`
  let projection: Tensor

  /// The mean that OpenCLIP subtracts, of RGB in 0...1.
  static let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
  /// The standard deviation that OpenCLIP divides by, of RGB in 0...1.
  static let standardDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

  /// Loads the tower.
  public init(_ p: Parameters, configuration c: OpenCLIPVisionConfiguration) throws {
    configuration = c
    patches = try Conv2d(
      p["conv1"], inputs: 3, outputs: c.width, kernel: c.patchSize,
      geometry: ConvolutionGeometry(stride: c.patchSize), bias: false)
    classEmbedding = try p("class_embedding", [c.width])
    positionalEmbedding = try p("positional_embedding", [c.tokenCount + 1, c.width])
    normIn = try LayerNorm(p["ln_pre"], channels: c.width)
    transformer = try OpenCLIPTransformer(p["transformer"], width: c.width, layers: c.layers, heads: c.heads)
    normOut = try LayerNorm(p["ln_post"], channels: c.width)
    projection = try p("proj", [c.width, c.outputWidth])
  }

  /// Resizes and normalises a picture as the published colorizer does: bicubic with antialiasing *and* aligned corners,
  /// any aspect squeezed to the square.
  ///
  /// - Parameter image: `[B, H, W, 3]` in -1...1.
  /// - Returns: `[B, size, size, 3]`.
  package func preprocess(_ image: Tensor) throws -> Tensor {
    let size = configuration.imageSize
    var x = image
    if x.shape[1] != size || x.shape[2] != size {
      x = try x.resizedBicubic(height: size, width: size, antialias: true, alignCorners: true)
    }
    // ((x + 1) / 2 - mean) / std
    let scale = try Tensor(Self.standardDeviation.map { 0.5 / $0 }, shape: [3], on: x.backend)
    let offset = try Tensor(
      zip(Self.mean, Self.standardDeviation).map { (0.5 - $0) / $1 }, shape: [3], on: x.backend)
    return try x * scale + offset
  }

  /// All tokens of a preprocessed picture, the class token first: `[B, tokens + 1, output]`.
  package func allTokens(_ preprocessed: Tensor) throws -> Tensor {
    let batch = preprocessed.shape[0]
    let width = configuration.width
    let embedded = try patches(preprocessed).reshaped([batch, configuration.tokenCount, width])
    let classToken = try classEmbedding.reshaped([1, 1, width]).broadcast(to: [batch, 1, width])
    var x = try Tensor.concatenate([classToken, embedded], axis: 1) + positionalEmbedding
    x = try transformer(normIn(x))
    return try normOut(x).linear(weight: projection.transposed(1, 0))
  }

  /// The tokens of a picture, without the class token.
  ///
  /// - Parameter image: `[B, H, W, 3]` in -1...1.
  /// - Returns: `[B, tokens, output]`.
  public func callAsFunction(_ image: Tensor) throws -> Tensor { try encoded(image).tokens }

  /// The tokens of a picture, and the class token apart, which stands for the picture as a whole.
  ///
  /// - Parameter image: `[B, H, W, 3]` in -1...1.
  /// - Returns: `[B, tokens, output]` and `[B, 1, output]`.
  package func encoded(_ image: Tensor) throws -> (tokens: Tensor, classToken: Tensor) {
    let tokens = try allTokens(preprocess(image))
    return (tokens.sliced(axis: 1, 1..<tokens.shape[1]), tokens.sliced(axis: 1, 0..<1))
  }
}
