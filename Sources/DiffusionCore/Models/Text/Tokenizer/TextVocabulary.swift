// SPDX-License-Identifier: Apache-2.0

/// The vocabulary of a text tower: byte-pair merges in the order of their rank, and the ids that follow from them.
///
/// The format is that of CLIP's `bpe_simple_vocab_16e6.txt`: a header line, then a line for each merge, its two parts with
/// a space between them. Bytes of UTF-8 stand for themselves as characters where they can be printed (33-126, 161-172,
/// 174-255), the other 68 as the code points from 256 on. Ids: the 256 characters, those that stand for themselves first;
/// the same with `</w>`, the end of a word; what the merges make; the start and the end of a text.
public struct TextVocabulary: Sendable {
  /// What a pair of symbols becomes, and how early.
  struct Merge {
    let rank: Int32
    let joined: Int32
  }

  /// How many ids there are: 49 408 for CLIP's.
  public let count: Int
  /// The first id of every text, `<start_of_text>`.
  public let start: Int32
  /// The id behind a text's last word, `<end_of_text>`: the largest.
  public let end: Int32
  /// The id of each byte, and of each byte at a word's end.
  let bytes: [Int32]
  let lastBytes: [Int32]
  private let merges: [UInt64: Merge]

  /// How many merges CLIP's vocabulary has; its file holds more.
  public static let publishedMergeCount = 48_894

  /// The most bytes that a vocabulary may have.
  public static let maximumByteCount = 64 << 20

  /// Reads a vocabulary.
  ///
  /// - Parameters:
  ///   - text: the file's content, not compressed, in UTF-8.
  ///   - count: how many ids the model has, of which 514 are no merges; nil takes CLIP's, or as many as there are.
  ///   - name: what the file is called in errors.
  /// - Throws: ``TextVocabularyError``.
  public init(_ text: [UInt8], count: Int? = nil, name: String = "the vocabulary") throws(TextVocabularyError) {
    let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst()
    func isMerge(_ line: ArraySlice<UInt8>) -> Bool { !line.isEmpty && line != [0x0D] }
    let available = lines.count - (lines.last.map { isMerge($0) } ?? true ? 0 : 1)
    let wanted = count.map { $0 - 2 * 256 - 2 } ?? min(available, Self.publishedMergeCount)
    guard wanted >= 0, wanted <= available else {
      throw TextVocabularyError(
        file: name, reason: "it has \(available) merges, where the model's \(count ?? 0) ids need \(wanted)")
    }
    var ids: [[UInt8]: Int32] = [:]
    ids.reserveCapacity(2 * 256 + wanted)
    var next: Int32 = 0
    /// Of equal symbols the last one counts.
    func add(_ symbol: [UInt8]) {
      ids[symbol] = next
      next += 1
    }
    let alphabet = Self.alphabet
    for byte in alphabet.order { add(alphabet.characters[byte]) }
    for byte in alphabet.order { add(alphabet.characters[byte] + Self.wordEnd) }
    var pairs: [(left: [UInt8], right: [UInt8])] = []
    pairs.reserveCapacity(wanted)
    for (index, line) in lines.prefix(wanted).enumerated() {
      let parts = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      guard parts.count == 2 else {
        throw TextVocabularyError(file: name, reason: "line \(index + 2) is no merge of two parts")
      }
      pairs.append((Array(parts[0]), Array(parts[1])))
      add(pairs[index].left + pairs[index].right)
    }
    (start, end, self.count) = (next, next + 1, Int(next) + 2)
    bytes = alphabet.characters.map { ids[$0] ?? 0 }
    lastBytes = alphabet.characters.map { ids[$0 + Self.wordEnd] ?? 0 }
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(wanted)
    for (rank, pair) in pairs.enumerated() {
      // A part that nothing makes never meets another.
      guard let left = ids[pair.left], let right = ids[pair.right], let joined = ids[pair.left + pair.right] else {
        continue
      }
      merges[Self.key(left, right)] = Merge(rank: Int32(rank), joined: joined)
    }
    self.merges = merges
  }

  /// What two neighbours become; nil if they stay apart.
  func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[Self.key(left, right)] }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private static let wordEnd = Array("</w>".utf8)

  /// The characters of all bytes, in UTF-8, and the order of their ids.
  private static let alphabet: (characters: [[UInt8]], order: [Int]) = {
    func isPrintable(_ byte: Int) -> Bool {
      (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
    }
    let others = (0..<256).filter { !isPrintable($0) }
    var characters = [[UInt8]](repeating: [], count: 256)
    func utf8(_ code: Int) -> [UInt8] { Unicode.Scalar(code).map { Array(String(Character($0)).utf8) } ?? [] }
    for byte in 0..<256 where isPrintable(byte) { characters[byte] = utf8(byte) }
    for (index, byte) in others.enumerated() { characters[byte] = utf8(256 + index) }
    return (characters, (0..<256).filter(isPrintable) + others)
  }()
}

/// Why a vocabulary cannot be used.
public struct TextVocabularyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public let file: String
  /// What is wrong with it.
  public let reason: String

  /// An error of the given reason.
  public init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }

  public var description: String {
    "\(file): \(reason); give a file of byte-pair merges like CLIP's bpe_simple_vocab_16e6.txt.gz"
  }
}

extension TextVocabularyError: CategorizedError {
  public var category: ErrorCategory { .model }
}
