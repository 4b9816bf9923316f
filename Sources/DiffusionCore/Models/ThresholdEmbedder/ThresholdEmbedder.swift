// SPDX-License-Identifier: Apache-2.0

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
