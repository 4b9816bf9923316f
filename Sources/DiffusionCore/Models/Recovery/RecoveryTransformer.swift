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
    let attention: PlainAttention
    /// `3.0`, `3.2`
    let feedIn: Linear
    let feedOut: Linear
  }

  struct PlainAttention: Sendable {
    /// `to_q`, `to_k`, `to_v`, `to_out.0`
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let heads: Int

    init(_ p: Parameters, width: Int, heads: Int) throws {
      query = try Linear(p["to_q"], inputs: width, outputs: width, bias: false)
      key = try Linear(p["to_k"], inputs: width, outputs: width, bias: false)
      value = try Linear(p["to_v"], inputs: width, outputs: width, bias: false)
      output = try Linear(p["to_out"][0], inputs: width, outputs: width)
      self.heads = heads
    }
  }

  /// Loads the transformer.
  public init(_ p: Parameters, configuration c: RecoveryConfiguration) throws {
    embedding = try p("embedding", [c.tokens, c.width])
    layers = try (0..<c.layers).map { index in
      let place = p["layers"][index]
      return Layer(
        norm1: try LayerNorm(place[0], channels: c.width), norm2: try LayerNorm(place[1], channels: c.width),
        attention: try PlainAttention(place[2], width: c.width, heads: c.heads),
        feedIn: try Linear(place[3][0], inputs: c.width, outputs: 4 * c.width),
        feedOut: try Linear(place[3][2], inputs: 4 * c.width, outputs: c.width))
    }
  }

  /// `[B, M, width]` to `[B, tokens, width]`.
  public func callAsFunction(_ tokens: Tensor) throws -> Tensor {
    let shape: Shape = [tokens.shape[0], embedding.shape[0], embedding.shape[1]]
    var x = try embedding.reshaped([1, shape[1], shape[2]]).broadcast(to: shape).cast(to: .f32)
    for layer in layers {
      let attention = layer.attention
      let attended = try Tensor.attention(
        attention.query(layer.norm1(x)), attention.key(tokens), attention.value(tokens), heads: attention.heads)
      x = try attention.output(attended, residual: x)
      x = try layer.feedOut(layer.feedIn(layer.norm2(x), activation: .silu), residual: x)
    }
    return x
  }
}

/// The size of the threshold embedder.
public struct ThresholdEmbedderConfiguration: Sendable, Hashable, Codable {
  /// Channels of the sinusoidal embedding.
  public var embeddingWidth: Int
  /// Channels of the token that comes out.
  public var outputWidth: Int

  enum CodingKeys: String, CodingKey {
    case embeddingWidth = "embed_dim"
    case outputWidth = "out_dim"
  }

  /// A threshold embedder of the given sizes.
  public init(embeddingWidth: Int, outputWidth: Int) {
    self.embeddingWidth = embeddingWidth
    self.outputWidth = outputWidth
  }
}

/// Tells the network which threshold a mask was cut at. Keys below `thresh_embedder`.
public struct ThresholdEmbedder: Sendable {
  let embeddingWidth: Int
  /// `embed_layer.0`, `embed_layer.2`
  let first: Linear
  let second: Linear

  /// Loads the embedder.
  public init(_ p: Parameters, configuration c: ThresholdEmbedderConfiguration) throws {
    embeddingWidth = c.embeddingWidth
    first = try Linear(p["embed_layer"][0], inputs: c.embeddingWidth, outputs: c.outputWidth)
    second = try Linear(p["embed_layer"][2], inputs: c.outputWidth, outputs: c.outputWidth)
  }

  /// A token for each threshold, `[thresholds.count, 1, output]`, to be added to a picture's tokens.
  public func callAsFunction(_ thresholds: [Float]) throws -> Tensor {
    let x = try Tensor(
      sinusoidalEmbedding(thresholds, dim: embeddingWidth), shape: [thresholds.count, 1, embeddingWidth],
      on: first.weight.backend)
    return try second(first(x, activation: .silu))
  }
}
