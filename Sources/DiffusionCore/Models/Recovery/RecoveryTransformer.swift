// SPDX-License-Identifier: Apache-2.0

/// The size of the background recovery transformer.
public struct RecoveryConfiguration: Sendable, Hashable, Codable {
  /// Channels of a token.
  public var width: Int
  /// The number of layers.
  public var layers: Int
  /// The number of learned tokens.
  public var tokens: Int
  /// The number of attention heads.
  public var heads: Int

  enum CodingKeys: String, CodingKey {
    case width = "dim"
    case tokens = "token_length"
    case layers, heads
  }

  /// A recovery transformer of the given sizes.
  public init(width: Int, layers: Int, tokens: Int, heads: Int) {
    self.width = width
    self.layers = layers
    self.tokens = tokens
    self.heads = heads
  }
}

/// Recovers the tokens of a whole background from those of a reference whose figure was cut out. Keys below `transformer`.
///
/// Learned tokens attend to the given ones in every layer.
public struct RecoveryTransformer: Sendable {
  /// `embedding` `[tokens, width]`
  let embedding: Tensor
  /// `layers`
  let layers: [Layer]

  struct Layer: Sendable {
    /// `0`, `1`
    let norm1: LayerNorm
    let norm2: LayerNorm
    /// `2`: queries from the learned tokens, keys and values from the given ones, which are not normed
    let attention: Attention
    /// `3.0`, `3.2`
    let feedIn: Linear
    let feedOut: Linear
  }

  /// Loads the transformer.
  public init(_ p: Parameters, configuration c: RecoveryConfiguration) throws {
    embedding = try p("embedding", [c.tokens, c.width])
    layers = try (0..<c.layers).map { index in
      let place = p["layers"][index]
      return Layer(
        norm1: try LayerNorm(place[0], channels: c.width), norm2: try LayerNorm(place[1], channels: c.width),
        attention: try Attention(place[2], channels: c.width, heads: c.heads),
        feedIn: try Linear(place[3][0], inputs: c.width, outputs: 4 * c.width),
        feedOut: try Linear(place[3][2], inputs: 4 * c.width, outputs: c.width))
    }
  }

  /// `[B, M, width]` to `[B, tokens, width]`.
  public func callAsFunction(_ tokens: Tensor) throws -> Tensor {
    let shape: Shape = [tokens.shape[0], embedding.shape[0], embedding.shape[1]]
    var x = try embedding.reshaped([1, shape[1], shape[2]]).broadcast(to: shape).cast(to: .f32)
    for layer in layers {
      try Task.checkCancellation()
      x = try layer.attention(layer.norm1(x), context: tokens, residual: x)
      x = try layer.feedOut(layer.feedIn(layer.norm2(x), activation: .silu), residual: x)
    }
    return x
  }
}
