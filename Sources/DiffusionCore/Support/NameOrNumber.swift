// SPDX-License-Identifier: Apache-2.0

/// How a choice that is a name or a whole number is written and read: as one value.
package struct NameOrNumber<Value: Equatable & Sendable>: Sendable {
  /// The choices that have a name.
  let names: [(name: String, value: Value)]
  /// What the number is, for messages: "a number of rows".
  let meaning: String
  let make: @Sendable (Int) -> Value
  let number: @Sendable (Value) -> Int?

  /// A coding.
  ///
  /// - Parameters:
  ///   - names: the choices that have a name.
  ///   - meaning: what the number is, for messages: "a number of rows".
  ///   - make: the choice of a number.
  ///   - number: the number of a choice; nil for one that has a name.
  package init(
    names: [(name: String, value: Value)], meaning: String, make: @escaping @Sendable (Int) -> Value,
    number: @escaping @Sendable (Value) -> Int?
  ) {
    (self.names, self.meaning, self.make, self.number) = (names, meaning, make, number)
  }

  /// The choice of a text, such as an argument; nil for another text.
  package func value(of text: String) -> Value? {
    names.first { $0.name == text }?.value ?? Int(text).map(make)
  }

  /// A choice as text.
  package func text(of value: Value) -> String {
    number(value).map(String.init) ?? names.first { $0.value == value }?.name ?? "\(value)"
  }

  /// - Throws: `DecodingError`, which says what is expected.
  package func decode(from decoder: any Decoder) throws -> Value {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) { return make(number) }
    let name = try container.decode(String.self)
    if let choice = names.first(where: { $0.name == name }) { return choice.value }
    let expected = names.map(\.name).joined(separator: ", ")
    throw DecodingError.dataCorruptedError(
      in: container, debugDescription: "\"\(name)\", where \(expected) or \(meaning) is expected")
  }

  package func encode(_ value: Value, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let number = number(value) {
      try container.encode(number)
    } else {
      try container.encode(text(of: value))
    }
  }
}

extension Decoder {
  /// The value of a name.
  ///
  /// - Parameter find: finds it.
  /// - Throws: `DecodingError.dataCorrupted` with the words of the error that `find` throws.
  func value<Value, Failure: Error & CustomStringConvertible>(
    named find: (String) throws(Failure) -> Value
  ) throws -> Value {
    let container = try singleValueContainer()
    let name = try container.decode(String.self)
    do {
      return try find(name)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }
}
