// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct MaskSuspicionTests {
  private func mask(_ isFigure: (_ x: Int, _ y: Int) -> Bool) throws -> Mask {
    try Mask(width: 100, height: 80, values: (0..<8000).map { isFigure($0 % 100, $0 / 100) ? 1 : 0 })
  }

  private func isFigure(_ x: Int, _ y: Int) -> Bool { abs(x - 50) < 20 && y > 15 }

  @Test func figuresAreNotSuspected() throws {
    #expect(try mask(isFigure).suspicion(threshold: 0.5) == nil)
    // Close up, a figure may fill all but a corner.
    #expect(try mask { x, y in x + y > 30 }.suspicion(threshold: 0.5) == nil)
    #expect(try mask { x, _ in x < 50 }.suspicion(threshold: 0.5) == nil)
  }

  @Test func whatIsNoFigure() throws {
    #expect(try mask { _, _ in false }.suspicion(threshold: 0.5) == .empty)
    #expect(try mask { _, _ in true }.suspicion(threshold: 0.5) == .full)
    #expect(try mask { !isFigure($0, $1) }.suspicion(threshold: 0.5) == .inverted)
  }
}
