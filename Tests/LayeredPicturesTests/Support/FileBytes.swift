// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

typealias TemporaryFolder = TestSupport.TemporaryFolder

enum FileBytes {
  static func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  static func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}
