// SPDX-License-Identifier: Apache-2.0

/// Reads the elements and attributes of an XML text, and passes over its words.
///
/// It is strict where it matters here, and small: UTF-8 only, no document type with declarations of its own (so no
/// entity can grow), at most 64 elements deep. Whether names are well formed is not checked.
struct XMLReader {
  enum Event: Equatable {
    case start(String, [String: String])
    case end(String)
  }

  struct Failure: Error {
    let offset: Int
    let reason: String
  }

  private static let maximumDepth = 64
  private static let maximumAttributeCount = 64

  private let bytes: [UInt8]
  private var offset: Int
  private var open: [String] = []
  /// The end of an element that has no content.
  private var pendingEnd: String?
  private var hasRoot = false

  /// Elements that are open.
  var depth: Int { open.count }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  func error(_ reason: String) -> Failure { Failure(offset: offset, reason: reason) }

  /// The next event; nil at the end of a text whose elements are all closed.
  mutating func next() throws(Failure) -> Event? {
    if let name = pendingEnd {
      pendingEnd = nil
      open.removeLast()
      return .end(name)
    }
    while true {
      offset = bytes[offset...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
      if offset == bytes.count {
        guard open.isEmpty, hasRoot else { throw error("the text ends within an element") }
        return nil
      }
      if holds("<!--") {
        try skip(past: "-->")
      } else if holds("<?") {
        try skip(past: "?>")
      } else if holds("<![CDATA[") {
        try skip(past: "]]>")
      } else if holds("<!") {
        let end = bytes[offset...].firstIndex { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "[") } ?? bytes.count
        guard end < bytes.count, bytes[end] == UInt8(ascii: ">") else {
          throw error("declarations of a document type are not read")
        }
        offset = end + 1
      } else if holds("</") {
        return try end()
      } else {
        return try start()
      }
    }
  }

  private mutating func start() throws(Failure) -> Event {
    let place = offset
    offset += 1
    let name = try name()
    guard open.count < Self.maximumDepth else { throw error("more than \(Self.maximumDepth) elements deep") }
    guard !open.isEmpty || !hasRoot else { throw error("a second element beside the first") }
    hasRoot = true
    var attributes: [String: String] = [:]
    while true {
      skipSpaces()
      if holds(">") {
        offset += 1
        open.append(name)
        return .start(name, attributes)
      }
      if holds("/>") {
        offset += 2
        open.append(name)
        pendingEnd = name
        return .start(name, attributes)
      }
      guard attributes.count < Self.maximumAttributeCount else {
        throw Failure(offset: place, reason: "an element of more than \(Self.maximumAttributeCount) attributes")
      }
      let key = try self.name()
      skipSpaces()
      guard holds("=") else { throw error("an attribute without a value") }
      offset += 1
      skipSpaces()
      attributes[key] = try value()
    }
  }

  private mutating func end() throws(Failure) -> Event {
    let place = offset
    offset += 2
    let name = try name()
    skipSpaces()
    guard open.last == name, holds(">") else {
      throw Failure(offset: place, reason: "the end of an element that is not open")
    }
    offset += 1
    open.removeLast()
    return .end(name)
  }

  private mutating func value() throws(Failure) -> String {
    let place = offset
    guard holds("\"") || holds("'") else { throw error("a value that is not in quotes") }
    let quote = bytes[offset]
    offset += 1
    guard let end = bytes[offset...].firstIndex(of: quote) else {
      throw Failure(offset: place, reason: "a value without an end")
    }
    defer { offset = end + 1 }
    guard let text = String(validating: bytes[offset..<end], as: UTF8.self), !text.utf8.contains(UInt8(ascii: "<"))
    else { throw error("a value that is not text in UTF-8") }
    return text.utf8.contains(UInt8(ascii: "&")) ? try decoded(text) : text
  }

  /// The text with its references to characters replaced.
  private func decoded(_ text: String) throws(Failure) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      // No reference is longer than `&#x10FFFF;`.
      guard let end = rest[start...].prefix(12).firstIndex(of: ";") else {
        throw error("a reference without an end")
      }
      let name = rest[rest.index(after: start)..<end]
      guard let character = Self.character(name) else { throw error("a reference to an unknown character") }
      result.unicodeScalars.append(character)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func character(_ name: Substring) -> Unicode.Scalar? {
    switch name {
    case "amp": "&"
    case "lt": "<"
    case "gt": ">"
    case "quot": "\""
    case "apos": "'"
    default:
      if name.hasPrefix("#x") {
        UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
      } else if name.hasPrefix("#") {
        UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
      } else {
        nil
      }
    }
  }

  private mutating func name() throws(Failure) -> String {
    let end = bytes[offset...].firstIndex { byte in
      Self.isSpace(byte) || [UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "<")].contains(byte)
    }
    guard let end, end > offset, let name = String(validating: bytes[offset..<end], as: UTF8.self) else {
      throw error("a name is missing")
    }
    offset = end
    return name
  }

  private mutating func skipSpaces() {
    offset = bytes[offset...].firstIndex { !Self.isSpace($0) } ?? bytes.count
  }

  private mutating func skip(past text: String) throws(Failure) {
    let place = offset
    while offset < bytes.count, !holds(text) { offset += 1 }
    guard offset < bytes.count else { throw Failure(offset: place, reason: "\(text) is missing") }
    offset += text.utf8.count
  }

  private func holds(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { bytes[offset...].starts(with: $0) }
  }

  private func holds(_ text: String) -> Bool { bytes[offset...].starts(with: text.utf8) }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
