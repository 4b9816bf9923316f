// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the program writes JSON: keys in order, so that the same content gives the same bytes.
enum JSONOutput {
  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func pretty(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// An error as `--json` prints it.
struct ErrorReport: Encodable {
  let error: String
  let exitCode: Int32
  /// The files that were written all the same; nil for none.
  let outputs: [String]?

  init(_ error: ToolError) {
    self.error = error.message
    exitCode = error.status.rawValue
    outputs = error.written.isEmpty ? nil : error.written
  }
}
