// SPDX-License-Identifier: Apache-2.0

/// Makes ids of prompts, as OpenCLIP's tokenizer does.
///
/// ```swift
/// let tokenizer = TextTokenizer(vocabulary: try TextVocabulary(mergesOfCLIP))
/// let ids = tokenizer.ids(of: "a girl with long blonde hair")
/// ```
public struct TextTokenizer: Sendable {
  /// The ids and merges.
  public let vocabulary: TextVocabulary
  /// How many ids a text has at most, with its start and its end: 77 for CLIP.
  public let contextLength: Int

  /// A tokenizer of a vocabulary.
  ///
  /// - Parameter contextLength: at least 2.
  public init(vocabulary: TextVocabulary, contextLength: Int = 77) {
    self.vocabulary = vocabulary
    self.contextLength = max(contextLength, 2)
  }

  /// The text as it is taken apart: references unescaped, white space in single spaces, in lower case.
  public func cleaned(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: TextCleaning.clean(text))
    return String(result)
  }

  /// The ids of a text, from its start to its end. Of a text that is too long the first ``contextLength``, of which the
  /// last is the end.
  ///
  /// Any text has some; time grows with the length of the text and no faster.
  public func ids(of text: String) -> [Int32] {
    var ids = [vocabulary.start]
    var words = Words(TextCleaning.clean(text))
    while ids.count < contextLength, let word = words.next() {
      switch word {
      case .start: ids.append(vocabulary.start)
      case .end: ids.append(vocabulary.end)
      case .text(let scalars): ids += vocabulary.ids(ofWord: Self.utf8(scalars))
      }
    }
    return ids.prefix(contextLength - 1) + [vocabulary.end]
  }

  private static func utf8(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count)
    for scalar in scalars { bytes += UTF8.encode(scalar).map { Array($0) } ?? [] }
    return bytes
  }

  /// Words, of which no id reaches over the end, one after another: special tokens, English contractions, runs of letters,
  /// single digits, and runs of what is neither.
  private struct Words {
    enum Word {
      case start, end
      case text(ArraySlice<Unicode.Scalar>)
    }

    private let text: [Unicode.Scalar]
    private var place = 0

    init(_ text: [Unicode.Scalar]) { self.text = text }

    private static let start = Array("<start_of_text>".unicodeScalars)
    private static let end = Array("<end_of_text>".unicodeScalars)
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

    mutating func next() -> Word? {
      while place < text.count, kind(text[place]) == .space { place += 1 }
      guard place < text.count else { return nil }
      if let word = special() { return word }
      let start = place
      if let contraction = Self.contractions.first(where: { follows($0) }) {
        place += contraction.count
      } else {
        switch kind(text[place]) {
        case .letter: advance(while: .letter)
        case .number: place += 1
        case .other, .space: advance(while: .other)
        }
      }
      return .text(text[start..<place])
    }

    private mutating func special() -> Word? {
      guard text[place] == "<" else { return nil }
      for (token, word) in [(Self.start, Word.start), (Self.end, Word.end)] where follows(token) {
        let written = text[place..<place + token.count]
        place += token.count
        // A long s is found as an s, and then is none.
        return written.elementsEqual(token) ? word : .text(written)
      }
      return nil
    }

    /// Whether the text goes on with that, where the case of letters does not count: of small ones it does for a long s.
    private func follows(_ token: [Unicode.Scalar]) -> Bool {
      guard place + token.count <= text.count else { return false }
      return zip(text[place...], token).allSatisfy { $0 == $1 || ($0 == "\u{17F}" && $1 == "s") }
    }

    private enum Kind { case letter, number, space, other }

    private func kind(_ scalar: Unicode.Scalar) -> Kind {
      // The iota below is a mark whose capital is a letter. Where case does not count, OpenCLIP's expression finds it
      // neither among letters nor among what is none, and passes it over.
      if scalar == "\u{345}" { return .space }
      return switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
      case .decimalNumber, .letterNumber, .otherNumber: .number
      default: TextCleaning.isSpace(scalar) ? .space : .other
      }
    }

    private mutating func advance(while kind: Kind) {
      repeat { place += 1 } while place < text.count && self.kind(text[place]) == kind
    }
  }
}
