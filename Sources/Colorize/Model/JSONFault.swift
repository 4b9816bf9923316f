// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why a text is no JSON, and where. `JSONDecoder` says neither.
package enum JSONFault {
  /// For example `not valid JSON: invalid value in line 3, column 12`; nil for a text that is JSON.
  package static func description(of text: Data) -> String? { reason(of: text).map { "not valid JSON: \($0)" } }

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
        return end ? "it ends before its last bracket" : reason.isEmpty ? nil : lowercased(reason)
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
}
