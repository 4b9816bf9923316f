// SPDX-License-Identifier: Apache-2.0

/// Any JSON, for settings that only their own type understands.
enum JSONValue: Sendable, Hashable, Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// This with another laid over it: objects are merged, anything else is replaced.
  func merging(_ other: JSONValue) -> JSONValue {
    guard case .object(var own) = self, case .object(let others) = other else { return other }
    for (key, value) in others { own[key] = own[key].map { $0.merging(value) } ?? value }
    return .object(own)
  }

  /// The first key, with the keys around it, that this has and another has not.
  func firstKey(missingIn other: JSONValue) -> String? {
    guard case .object(let own) = self, case .object(let others) = other else { return nil }
    for (key, value) in own.sorted(by: { $0.key < $1.key }) where value != .null {
      guard let known = others[key] else { return key }
      if let missing = value.firstKey(missingIn: known) { return "\(key).\(missing)" }
    }
    return nil
  }
}
