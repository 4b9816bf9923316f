// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// The built-in network for figures computes what PyTorch does with its weights; `Sources/CFigureModel/recipe/export.py`
/// prints these numbers.
struct FigureNetworkTests {
  private static let expected: [Bool: [Float]] = [
    false: [1.669, 2.8652, 3.5637, 3.121, 3.3769, 3.5954, 2.8722, 2.5092, 2.68, 1.4047, 2.3312, 1.8229],
    true: [3.0188, 3.3288, 3.1319, 3.5244, 3.0396, 3.3797, 3.1102, 1.5787, 2.5091, 1.8661, 2.0054, 1.5477],
  ]

  @Test(arguments: [false, true]) func theNumbersAreThoseOfPyTorch(isDrawing: Bool) throws {
    let side = FigureNetwork.side
    let picture = try Image(
      width: side, height: side, channels: 3,
      pixels: (0..<side * side).flatMap { place in
        let (x, y) = (place % side, place / side)
        return [UInt8((x * 3 + y) % 256), UInt8((x * y) % 251), UInt8((x + 2 * y) / 3)]
      })
    let odds = try FigureFinder().odds(of: picture, isDrawing: isDrawing)
    #expect(odds.shape == [1, FigureNetwork.outputSide, FigureNetwork.outputSide, 1])
    let values = try odds.contiguous().floats()
    let found = stride(from: 5, to: 128, by: 40).flatMap { row in
      stride(from: 9, to: 128, by: 40).map { values[row * FigureNetwork.outputSide + $0] }
    }
    let expected = try #require(Self.expected[isDrawing])
    try #require(found.count == expected.count)
    // Sums of some thousand products in single precision, in another order, and printed with four digits.
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-3 * max(1, abs(b)), "\(a) and \(b)") }
  }
}
