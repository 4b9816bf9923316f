// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct FileNameTests {
  private func bytes(_ name: String) -> [UInt8] { FileName.cString(name).dropLast().map { UInt8(bitPattern: $0) } }

  @Test func everyNameComesBack() {
    var random = MersenneTwister(seed: 9)
    let fixed: [[UInt8]] = [
      [], Array("sketch é 絵 🎨.png".utf8), [0x73, 0xE9, 0x2E], [0xE7, 0xB5], [0xED, 0xA0, 0x80], [0xC0, 0x80],
    ]
    for name in fixed + (0..<500).map({ (0..<$0 % 40).map { _ in UInt8.random(in: 1...255, using: &random) } }) {
      #expect(bytes(FileName.string(name)) == name)
    }
    #expect(FileName.string(Array("é.png".utf8)) == "é.png")
  }
}
