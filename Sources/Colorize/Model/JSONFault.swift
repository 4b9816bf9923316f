// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why a text is no JSON, and where. `JSONDecoder` says neither.
package enum JSONFault {
  /// For example `not valid JSON: invalid value in line 3, column 12`; nil for a text that is JSON.
  package static func description(of text: Data) -> String? { reason(of: text).map { "not valid JSON: \($0)" } }

  /// The first key that stands in an object twice, of a text that is JSON in UTF-8; nil if there is none. Of two values one
  /// would be taken, and programs differ in which.
  package static func repeatedKey(of text: Data) -> String? {
    let text = [UInt8](text)
    /// The keys so far, of each object and list around.
    var keys: [Set<[UInt8]>] = []
    var next = 0
    while next < text.count {
      let byte = text[next]
      next += 1
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): keys.append([])
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = keys.popLast()
      case UInt8(ascii: "\""):
        let start = next
        while next < text.count, text[next] != UInt8(ascii: "\"") { next += text[next] == UInt8(ascii: "\\") ? 2 : 1 }
        let end = min(next, text.count)
        next += 1
        guard let follower = text[min(next, text.count)...].first(where: { !" \t\r\n".utf8.contains($0) }),
          follower == UInt8(ascii: ":"), !keys.isEmpty
        else { continue }
        let key = Array(text[start..<end])
        guard keys[keys.count - 1].insert(key).inserted else { return String(decoding: key, as: UTF8.self) }
      default: break
      }
    }
    return nil
  }

  private static func reason(of text: Data) -> String? {
    do {
      _ = try JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed)
      return nil
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
      // "Invalid value around character 14."
      let words = reason.split(separator: " around character ", maxSplits: 1)
      guard words.count == 2, let offset = Int(words[1].prefix { $0.isNumber }), offset <= text.count else {
        let end = reason.contains("end of file")
        if end { return "it ends before its last bracket" }
        return reason.isEmpty
          ? nil : lowercased(reason).replacingOccurrences(of: " is not representable in Swift", with: " is too large")
      }
      let before = text.prefix(offset)
      let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
      let column = 1 + before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
      return "\(lowercased(words[0])) in line \(line), column \(column)"
    }
  }

  private static func lowercased(_ text: some StringProtocol) -> String {
    let text = text.hasSuffix(".") ? String(text.dropLast()) : String(text)
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  /// What `JSONDecoder` says of a value of another type than is wanted, in words that name no type of a language; nil for
  /// another error.
  package static func mismatch(_ error: DecodingError) -> String? {
    let (type, found): (Any.Type, String)
    switch error {
    case .typeMismatch(let wanted, let context), .valueNotFound(let wanted, let context):
      (type, found) = (wanted, context.debugDescription)
    default: return nil
    }
    let wanted =
      switch type {
      case is any BinaryInteger.Type: "a whole number"
      case is any BinaryFloatingPoint.Type: "a number"
      case is Bool.Type: "true or false"
      case is String.Type: "a text"
      case is any Collection.Type where !"\(type)".hasPrefix("Dictionary"): "a list"
      default: "an object"
      }
    let words = [
      ("a string", "a text"), ("a number", "a number"), ("number", "a number"), ("an array", "a list"),
      ("a dictionary", "an object"), ("bool", "true or false"), ("a boolean", "true or false"), ("null", "null"),
    ]
    guard let start = found.range(of: "but found ")?.upperBound,
      let word = words.first(where: { found[start...].hasPrefix($0.0) })?.1
    else { return "\(wanted) is expected" }
    return "\(wanted) is expected, and \(word) stands there"
  }
}
