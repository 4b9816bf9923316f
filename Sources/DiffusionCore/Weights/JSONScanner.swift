// SPDX-License-Identifier: Apache-2.0

/// A strict scanner for the JSON of a safetensors header.
///
/// Written for this purpose because the usual decoders silently keep one of two equal keys, and a header with two
/// entries for one tensor must be refused. It follows RFC 8259: no comments, no trailing commas, no control characters
/// in strings, no lone surrogates, no leading zeros. The bytes must already be valid UTF-8.
struct JSONScanner {
  /// What is wrong, and the offset of the byte where it was noticed, counted from the first byte of the header.
  struct Fault: Error, Equatable {
    var offset: Int
    var reason: String
  }

  /// A number as far as a header may use it.
  enum Integer: Equatable {
    case value(Int)
    /// Below zero; the text as written.
    case negative(String)
    /// Larger than `Int.max`; the text as written.
    case tooLarge(String)
  }

  /// Deeper than any header needs, and shallow enough that the recursion cannot exhaust the stack.
  static let maximumDepth = 32

  let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func fault(_ reason: String, at offset: Int? = nil) -> Fault {
    Fault(offset: offset ?? position, reason: reason)
  }

  private func byte(at offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// The next byte that is not white space, which is skipped.
  mutating func peek() -> UInt8? {
    while let byte = byte(at: position), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
    return byte(at: position)
  }

  /// Skips white space and, if it comes next, the given character.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let next = peek(), UInt32(next) == character.value else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar, _ place: String) throws(Fault) {
    if skip(character) { return }
    let found = position < bytes.count ? "byte \(bytes[position])" : "the end of the header"
    throw fault("expected \"\(character)\" \(place), found \(found)")
  }

  /// Reads `{ "key": value, ... }`; the closure reads the value, and hears at which offset the key stands.
  ///
  /// The error is generic so that a caller can stop at a fault of its own kind.
  mutating func object<E: Error>(
    _ fail: (Fault) -> E, _ member: (inout JSONScanner, String, Int) throws(E) -> Void
  ) throws(E) {
    do throws(Fault) { try expect("{", "to begin an object") } catch { throw fail(error) }
    if skip("}") { return }
    while true {
      let key: String
      let offset: Int
      do throws(Fault) {
        _ = peek()
        offset = position
        key = try string()
        try expect(":", "after a key")
      } catch { throw fail(error) }
      try member(&self, key, offset)
      if skip(",") { continue }
      do throws(Fault) { try expect("}", "or a comma after a value") } catch { throw fail(error) }
      return
    }
  }

  /// Reads `[1, 2, ...]`.
  mutating func integers() throws(Fault) -> [Integer] {
    try expect("[", "to begin a list of integers")
    var values: [Integer] = []
    if skip("]") { return values }
    while true {
      values.append(try integer())
      if skip(",") { continue }
      try expect("]", "or a comma after an integer")
      return values
    }
  }

  mutating func integer() throws(Fault) -> Integer {
    let negative = skip("-")
    let start = position
    var value = 0
    var overflow = false
    while let byte = byte(at: position), byte >= 0x30, byte <= 0x39 {
      let (product, overflow1) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(Int(byte - 0x30))
      overflow = overflow || overflow1 || overflow2
      value = sum
      position += 1
    }
    guard position > start else { throw fault("expected an integer") }
    if position - start > 1, bytes[start] == 0x30 { throw fault("an integer with a leading zero", at: start) }
    if let next = byte(at: position), next == 0x2E || next == 0x65 || next == 0x45 {
      throw fault("expected an integer, found a number with a fraction or an exponent", at: start)
    }
    // A hostile header may hold a number of a hundred million digits; an error text must not.
    let text = String(decoding: bytes[start..<min(position, start + 40)], as: UTF8.self)
    if negative, overflow || value != 0 { return .negative("-" + text) }
    return overflow ? .tooLarge(text) : .value(value)
  }

  /// Steps over a value of any kind.
  mutating func skipValue(depth: Int = 0) throws(Fault) {
    guard depth < Self.maximumDepth else { throw fault("nested deeper than \(Self.maximumDepth) levels") }
    switch peek() {
    case UInt8(ascii: "{"):
      try object({ $0 }) { (scanner: inout JSONScanner, _, _) throws(Fault) in
        try scanner.skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      position += 1
      if skip("]") { return }
      repeat { try skipValue(depth: depth + 1) } while skip(",")
      try expect("]", "or a comma after a value")
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try skipWord("true")
    case UInt8(ascii: "f"): try skipWord("false")
    case UInt8(ascii: "n"): try skipWord("null")
    default: try skipNumber()
    }
  }

  private mutating func skipWord(_ word: StaticString) throws(Fault) {
    let start = position
    for offset in 0..<word.utf8CodeUnitCount {
      guard byte(at: start + offset) == word.utf8Start[offset] else { throw fault("expected \(word)", at: start) }
    }
    position = start + word.utf8CodeUnitCount
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = byte(at: position), byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func skipNumber() throws(Fault) {
    let start = position
    if byte(at: position) == UInt8(ascii: "-") { position += 1 }
    let first = byte(at: position)
    let count = skipDigits()
    guard count > 0, count == 1 || first != 0x30 else { throw fault("expected a value", at: start) }
    if byte(at: position) == UInt8(ascii: ".") {
      position += 1
      guard skipDigits() > 0 else { throw fault("a number that ends in its point", at: start) }
    }
    if let mark = byte(at: position), mark == 0x65 || mark == 0x45 {
      position += 1
      if let sign = byte(at: position), sign == 0x2B || sign == 0x2D { position += 1 }
      guard skipDigits() > 0 else { throw fault("a number without digits in its exponent", at: start) }
    }
  }

  /// Steps over bytes that have been looked at.
  mutating func advance(by count: Int) { position = min(position + count, bytes.count) }
}
