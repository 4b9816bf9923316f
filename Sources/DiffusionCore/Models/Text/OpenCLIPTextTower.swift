// SPDX-License-Identifier: Apache-2.0

/// The sizes of a text tower.
public struct OpenCLIPTextConfiguration: Sendable, Hashable {
  /// How many ids it knows.
  public var vocabularySize: Int
  /// How many ids a text has at most.
  public var contextLength: Int
  /// Channels inside.
  public var width: Int
  /// The number of transformer layers.
  public var layers: Int
  /// The number of attention heads.
  public var heads: Int
  /// Channels of a text's embedding.
  public var outputWidth: Int

  /// A text tower of the given sizes.
  ///
  /// - Parameter heads: nil for heads of 64 channels, as those of all of OpenCLIP's towers.
  public init(vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int? = nil, outputWidth: Int) {
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.width = width
    self.layers = layers
    self.heads = heads ?? (width % 64 == 0 ? width / 64 : 1)
    self.outputWidth = outputWidth
  }

  /// The sizes of the tower that files hold, by the shapes of its weights; nil if there is none, or not in this form.
  ///
  /// - Parameter path: where its keys stand, without a dot at the end; empty for a file of the tower alone.
  public init?(_ source: WeightSource, below path: String = CheckpointSection.textTower.path) {
    func shape(_ name: String) -> [Int]? { source[path.isEmpty ? name : "\(path).\(name)"]?.entry.shape }
    guard let embedding = shape("token_embedding.weight"), embedding.count == 2,
      let places = shape("positional_embedding"), places.count == 2,
      let projection = shape("text_projection"), projection.count == 2,
      (embedding + places + projection).allSatisfy({ (1...(1 << 24)).contains($0) }), places[0] >= 2
    else { return nil }
    let layers = (0..<1000).first { shape("transformer.resblocks.\($0).ln_1.weight") == nil } ?? 1000
    guard layers > 0 else { return nil }
    self.init(
      vocabularySize: embedding[0], contextLength: places[0], width: embedding[1], layers: layers,
      outputWidth: projection[1])
  }
}

/// OpenCLIP's text transformer. Keys below `cond_stage_model.transformer.model` (an OpenCLIP file has them bare).
///
/// A text's embedding is the row of its end token, through the final norm and the projection, of unit length.
public struct OpenCLIPTextTower: Sendable {
  /// The sizes.
  public let configuration: OpenCLIPTextConfiguration
  /// `token_embedding.weight` `[vocabulary, width]`
  let tokenEmbedding: Tensor
  /// `positional_embedding` `[context, width]`
  let positionalEmbedding: Tensor
  /// `transformer`
  let transformer: OpenCLIPTransformer
  /// `ln_final`
  let normOut: LayerNorm
  /// `text_projection` `[width, output]`
  let projection: Tensor

  /// Loads the tower.
  package init(_ p: Parameters, configuration c: OpenCLIPTextConfiguration) throws {
    configuration = c
    tokenEmbedding = try p["token_embedding"]("weight", [c.vocabularySize, c.width])
    positionalEmbedding = try p("positional_embedding", [c.contextLength, c.width])
    transformer = try OpenCLIPTransformer(p["transformer"], width: c.width, layers: c.layers, heads: c.heads)
    normOut = try LayerNorm(p["ln_final"], channels: c.width)
    projection = try p("text_projection", [c.width, c.outputWidth])
  }

  /// Every key of the tower with its shape in PyTorch's order, as a colorizer's checkpoint has them.
  public static func parameters(of configuration: OpenCLIPTextConfiguration) throws -> [(key: String, shape: Shape)] {
    let recorder = ParameterRecorder()
    _ = try OpenCLIPTextTower(Parameters(recorder)[.textTower], configuration: configuration)
    return recorder.entries
  }

  /// All tokens of texts through the final norm and the projection, `[B, N, output]`. No token sees a later one.
  ///
  /// - Parameters:
  ///   - ids: as many for each text, at most as many as the context has, each of the vocabulary.
  ///   - runsLastBlock: whether the last block is run, as in OpenCLIP. The published colorizers leave it out.
  package func allTokens(_ ids: [[Int32]], runsLastBlock: Bool = false) throws -> Tensor {
    let count = ids.first?.count ?? 0
    precondition(count > 0 && count <= configuration.contextLength, "\(count) ids")
    precondition(ids.allSatisfy { $0.count == count }, "texts of different lengths")
    let backend = tokenEmbedding.backend
    let rows = ids.joined().map { tokenEmbedding.sliced(axis: 0, Int($0)..<Int($0) + 1) }
    let embedded = try Tensor.concatenate(rows, axis: 0).reshaped([ids.count, count, configuration.width])
    let x = try embedded + positionalEmbedding.sliced(axis: 0, 0..<count)
    let mask = try Tensor.causalMask(count, on: backend)
    let seen = try transformer(x, mask: mask, leavingOut: runsLastBlock ? 0 : 1)
    return try normOut(seen).linear(weight: projection.transposed(1, 0))
  }

  /// The embeddings of texts, each of unit length.
  ///
  /// - Parameters:
  ///   - ids: those of ``TextTokenizer/ids(of:)``, at least one a text.
  ///   - runsLastBlock: as in ``allTokens(_:runsLastBlock:)``.
  /// - Throws: ``ConfigurationError`` for an id that the tower does not know, or too many; `BackendError`,
  ///   `CancellationError`.
  public func callAsFunction(_ ids: [[Int32]], runsLastBlock: Bool = false) throws -> [[Float]] {
    try ids.map { ids in
      guard !ids.isEmpty, ids.count <= configuration.contextLength,
        ids.allSatisfy({ (0..<Int32(clamping: configuration.vocabularySize)).contains($0) })
      else {
        throw ConfigurationError(
          field: "text ids", value: "\(ids.count), up to \(ids.max() ?? 0)",
          expected: "1 to \(configuration.contextLength), below \(configuration.vocabularySize)")
      }
      // What follows the end changes nothing before it, so it is not there; so each text is as long as it is.
      let end = ids.indices.first { ids[$0] == ids.max() } ?? 0
      let tokens = try allTokens([Array(ids[...end])], runsLastBlock: runsLastBlock)
      return try TextEmbedding.normalized(tokens.sliced(axis: 1, end..<end + 1).floats())
    }
  }
}

/// The arithmetic of embeddings on the host: a text's has a thousand numbers.
package enum TextEmbedding {
  /// A vector of unit length; one of no length stays as it is.
  package static func normalized(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 ? vector.map { Float(Double($0) / length) } : vector
  }
}
