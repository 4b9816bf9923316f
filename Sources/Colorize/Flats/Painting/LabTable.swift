// SPDX-License-Identifier: Apache-2.0

/// CIELAB of many colours: from a table of every eighth sample value, linear between.
struct LabTable {
  static let shared = LabTable()

  private static let side = 33
  private let values: [SIMD3<Float>]

  private init() {
    var values: [SIMD3<Float>] = []
    values.reserveCapacity(Self.side * Self.side * Self.side)
    func sample(_ index: Int) -> UInt8 { UInt8(min(255, index * 8)) }
    for red in 0..<Self.side {
      for green in 0..<Self.side {
        for blue in 0..<Self.side {
          let lab = Lab(RGB(sample(red), sample(green), sample(blue)))
          values.append(SIMD3(Float(lab.lightness), Float(lab.a), Float(lab.b)))
        }
      }
    }
    self.values = values
  }

  /// - Parameter color: Red, green and blue, 0...255.
  func lab(_ color: SIMD3<Float>) -> SIMD3<Float> {
    let place = color.clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 255)) / 8
    let base = SIMD3<Int>(Int(place.x), Int(place.y), Int(place.z))
    // The last step is one sample value shorter, as there is no 256.
    var part = place - SIMD3(Float(base.x), Float(base.y), Float(base.z))
    for axis in 0..<3 where base[axis] == 31 { part[axis] = min(1, part[axis] * 8 / 7) }
    var sum = SIMD3<Float>.zero
    for corner in 0..<8 {
      let (i, j, k) = (corner >> 2, corner >> 1 & 1, corner & 1)
      let weight =
        (i == 1 ? part.x : 1 - part.x) * (j == 1 ? part.y : 1 - part.y) * (k == 1 ? part.z : 1 - part.z)
      guard weight > 0 else { continue }
      let index = ((base.x + i) * Self.side + base.y + j) * Self.side + base.z + k
      sum += weight * values[index]
    }
    return sum
  }
}
