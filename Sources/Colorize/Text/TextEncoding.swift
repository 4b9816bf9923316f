// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Makes embeddings of texts with a network's text tower, and keeps them: a shot asks for the same ones with each frame.
final class TextEncoding: Sendable {
  private struct Text: Hashable {
    let text: String
    let runsLastBlock: Bool
  }

  private let parts: NetworkParts
  private let vocabulary: String?
  private let known = Locked<[Text: [Float]]>([:])
  /// More are not kept.
  private static let limit = 1024

  init(parts: NetworkParts, vocabulary: String?) {
    self.parts = parts
    self.vocabulary = vocabulary
  }

  /// The steps of a manipulation, with embeddings in place of texts; none for none.
  ///
  /// - Throws: `WeightError`, `TextVocabularyError`, `BackendError`, `CancellationError`.
  func embeddings(for manipulation: ReferenceManipulation?) throws -> [TokenManipulation.Step] {
    guard let manipulation, !manipulation.steps.isEmpty else { return [] }
    let embeddings = try embeddings(of: manipulation.texts, runsLastBlock: manipulation.runsLastTextBlock)
    return manipulation.steps.map { step in
      TokenManipulation.Step(
        target: embeddings[step.target] ?? [], anchor: step.anchor.flatMap { embeddings[$0] },
        control: step.control.flatMap { embeddings[$0] }, scale: step.scale, enhances: step.enhances,
        thresholds: step.thresholds)
    }
  }

  /// The embeddings of texts, each of unit length. The text tower is loaded if one is not known yet, and let go.
  func embeddings(of texts: [String], runsLastBlock: Bool) throws -> [String: [Float]] {
    let keys = Set(texts).map { Text(text: $0, runsLastBlock: runsLastBlock) }
    let missing = known.mutate { known in keys.filter { known[$0] == nil } }.map(\.text).sorted()
    if !missing.isEmpty {
      defer { parts.release(.textEncoder) }
      let tower = try parts.textEncoder()
      let tokenizer = try tokenizer(for: tower.configuration)
      let made = try tower(missing.map(tokenizer.ids), runsLastBlock: runsLastBlock)
      known.mutate { known in
        if known.count + made.count > Self.limit { known = known.filter { keys.contains($0.key) } }
        for (text, embedding) in zip(missing, made) {
          known[Text(text: text, runsLastBlock: runsLastBlock)] = embedding
        }
      }
    }
    return known.mutate { known in
      Dictionary(keys.compactMap { key in known[key].map { (key.text, $0) } }) { $1 }
    }
  }

  private func tokenizer(for sizes: OpenCLIPTextConfiguration) throws -> TextTokenizer {
    let words =
      try vocabulary.map { try TextVocabulary(path: $0, count: sizes.vocabularySize) } ?? TextVocabulary.published.get()
    guard words.count == sizes.vocabularySize else {
      throw TextVocabularyError(
        file: "the built-in vocabulary",
        reason: "it has \(words.count) ids, and the text tower knows \(sizes.vocabularySize)")
    }
    return TextTokenizer(vocabulary: words, contextLength: sizes.contextLength)
  }
}

extension EncodedReference {
  /// The reference with its picture's tokens changed; the background is left as it is.
  func manipulated(_ steps: [TokenManipulation.Step]) throws -> EncodedReference {
    guard !steps.isEmpty else { return self }
    guard let classToken else { preconditionFailure("a reference to be changed by texts without its class token") }
    var changed = self
    let values = TokenManipulation.local(try tokens.floats(), classToken: try classToken.floats(), steps: steps)
    changed.tokens = try Tensor(values, shape: tokens.shape, on: tokens.backend).cast(to: tokens.dtype)
    return changed
  }
}
