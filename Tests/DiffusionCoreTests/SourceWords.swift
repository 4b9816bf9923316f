// SPDX-License-Identifier: Apache-2.0

/// The words of a Swift file, without comments and texts, as far as a test of the layers needs them.
struct SourceWords {
  /// Below the root of the sources.
  let path: String
  /// The first part of the path.
  let folder: String
  /// Every word.
  private(set) var words: Set<String> = []
  /// Every word behind a dot.
  private(set) var memberUses: Set<String> = []
  /// Types, functions and values that belong to no type, without those that are private.
  private(set) var topLevelNames: Set<String> = []
  /// What is declared inside of a type, a function or an extension.
  private(set) var memberNames: Set<String> = []
  /// What extensions add, and the type that they add it to.
  private(set) var additions: [(name: String, type: String)] = []
  /// The type that the lines being read extend.
  private var extended: String?

  private static let keywords: Set<String> = [
    "struct", "class", "enum", "protocol", "actor", "typealias", "func", "let", "var", "case", "associatedtype",
  ]

  init(path: String, text: String) {
    self.path = path
    folder = path.split(separator: "/").first.map(String.init) ?? ""
    for line in Self.code(of: text).split(separator: "\n") { read(line) }
  }

  private mutating func read(_ line: Substring) {
    var isPrivate = false
    var declares = false
    if line.first != " " && line.first != "}" { extended = nil }
    var previous: Character?
    var rest = line
    while let first = rest.first {
      guard first.isLetter || first == "_" || first == "`" else {
        previous = first
        rest.removeFirst()
        // A declaration's name follows at once; of `case a, b` the further ones do too.
        if first != " " && first != "," { declares = false }
        continue
      }
      let word = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "`" }).filter { $0 != "`" }
      rest = rest.drop { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "`" }
      if declares {
        if line.first != " " {
          if !isPrivate { topLevelNames.insert(word) }
        } else {
          memberNames.insert(word)
          if let extended, !isPrivate, line.prefix(while: { $0 == " " }).count == 2 {
            additions.append((word, extended))
          }
        }
      }
      if line.hasPrefix("extension ") || line.hasPrefix("public extension "), extended == nil, word != "public",
        word != "extension"
      {
        extended = word
      }
      if previous == "." { memberUses.insert(word) } else if !declares { words.insert(word) }
      isPrivate = isPrivate || word == "private" || word == "fileprivate"
      declares = Self.keywords.contains(word) || (declares && rest.first == ",")
      previous = word.last
    }
  }

  /// A text without its comments and literals; what is interpolated into a literal stays.
  private static func code(of text: String) -> String {
    var rest = Substring(text)
    var code = ""
    /// For each literal that an interpolation stands in: its delimiter, and how many parentheses are open.
    var literals: [(delimiter: String, open: Int)] = []
    while let next = rest.first {
      if rest.hasPrefix("//") {
        rest = rest.drop { !$0.isNewline }
      } else if rest.hasPrefix("/*") {
        while !rest.isEmpty && !rest.hasPrefix("*/") { rest.removeFirst() }
        rest = rest.dropFirst(2)
      } else if next == "\"" {
        let delimiter = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
        rest = rest.dropFirst(delimiter.count)
        if skipLiteral(&rest, to: delimiter) { literals.append((delimiter, 1)) }
      } else {
        rest.removeFirst()
        code.append(next)
        guard !literals.isEmpty, next == "(" || next == ")" else { continue }
        literals[literals.count - 1].open += next == "(" ? 1 : -1
        guard literals[literals.count - 1].open == 0 else { continue }
        let delimiter = literals.removeLast().delimiter
        if skipLiteral(&rest, to: delimiter) { literals.append((delimiter, 1)) }
      }
    }
    return code
  }

  /// Leaves a literal out up to its end, or up to an interpolation: then true.
  private static func skipLiteral(_ rest: inout Substring, to delimiter: String) -> Bool {
    while !rest.isEmpty && !rest.hasPrefix(delimiter) {
      if rest.hasPrefix("\\(") {
        rest = rest.dropFirst(2)
        return true
      }
      rest = rest.dropFirst(rest.first == "\\" ? 2 : 1)
    }
    rest = rest.dropFirst(delimiter.count)
    return false
  }
}
