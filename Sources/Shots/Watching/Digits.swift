// SPDX-License-Identifier: Apache-2.0

/// Digits of 5 x 7 pixels, to write frames' numbers with.
enum Digits {
  static let height = 7

  /// Rows from the top, five bits each, the left pixel in the highest.
  private static let shapes: [[UInt8]] = [
    [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
    [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    [0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111],
    [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
    [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
    [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
    [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
    [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
    [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
  ]

  /// The inked pixels of a number, from the top left.
  static func pixels(of text: String) -> [(x: Int, y: Int)] {
    var pixels: [(Int, Int)] = []
    for (place, digit) in text.compactMap(\.wholeNumberValue).enumerated() where shapes.indices.contains(digit) {
      for (y, row) in shapes[digit].enumerated() {
        for x in 0..<5 where row >> UInt8(4 - x) & 1 == 1 { pixels.append((place * 6 + x, y)) }
      }
    }
    return pixels
  }
}
