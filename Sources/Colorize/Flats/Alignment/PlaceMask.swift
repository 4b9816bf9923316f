// SPDX-License-Identifier: Apache-2.0

/// What is true of each pixel of a picture, asked by place.
struct PlaceMask {
  let width: Int
  let height: Int
  /// Row-major.
  let values: [Bool]

  /// What is true at a place, in the units of ``AffineMap``; nil beyond the picture.
  subscript(place: SIMD2<Double>) -> Bool? {
    let longer = Double(max(width, height))
    let (x, y) = (place.x * longer + Double(width) / 2, place.y * longer + Double(height) / 2)
    guard x >= 0, y >= 0, x < Double(width), y < Double(height) else { return nil }
    return values[Int(y) * width + Int(x)]
  }
}
