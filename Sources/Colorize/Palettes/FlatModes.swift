// SPDX-License-Identifier: Apache-2.0

/// The exact colours of areas: of each, the one that most of its flat pixels have.
struct FlatModes {
  /// By the number of pixels, the largest first.
  let colors: [RGB]

  /// What differs by less from a larger area's colour is the same: a bin may end in the middle of an area's noise.
  private static let leastDifference = 3.0
  /// How far samples may be apart to count for each other.
  private static let reach: Int32 = 2
  /// Colours of an area that are compared.
  private static let candidateCount = 32

  /// - Parameters:
  ///   - labels: of the picture's bins, the number of the area.
  ///   - count: areas.
  init(_ image: Image, _ pixels: FlatPixels, _ labels: [(bin: Int, label: Int?)], count: Int) {
    var areas = [Int32](
      repeating: -1, count: FlatPixels.binsPerChannel * FlatPixels.binsPerChannel * FlatPixels.binsPerChannel)
    for (bin, label) in labels {
      if let label { areas[bin] = Int32(label) }
    }
    // One counter for each of the 16 Mi colours.
    var counts = [UInt32](repeating: 0, count: 1 << 24)
    let channels = image.channels
    image.pixels.withUnsafeBufferPointer { samples in
      counts.withUnsafeMutableBufferPointer { counts in
        for (index, flatness) in pixels.flatness.enumerated() where flatness != FlatPixels.Flatness.none {
          let pixel = index * channels
          let color =
            channels == 1
            ? UInt32(samples[pixel]) * 0x01_01_01
            : UInt32(samples[pixel]) << 16 | UInt32(samples[pixel + 1]) << 8 | UInt32(samples[pixel + 2])
          // Pixels beside an edge may be mixed.
          counts[Int(color)] += flatness == FlatPixels.Flatness.square ? 1 : 4
        }
      }
    }
    var candidates = [[(count: UInt32, color: UInt32)]](repeating: [], count: count)
    var sizes = [Int](repeating: 0, count: count)
    for color in 0..<UInt32(1 << 24) where counts[Int(color)] > 0 {
      let value = RGB(packed: color)
      let area = Int(areas[FlatPixels.bin(red: value.red, green: value.green, blue: value.blue)])
      guard area >= 0 else { continue }
      sizes[area] += Int(counts[Int(color)])
      candidates[area].append((counts[Int(color)], color))
      // Not all need to be kept until the end.
      if candidates[area].count == 4096 { candidates[area] = Self.largest(candidates[area]) }
    }
    let modes = candidates.map { list -> RGB? in
      let list = Self.largest(list)
      guard let most = list.first?.count else { return nil }
      // In noise, the middle of the densest place; where one colour stands out, that one.
      let best = list.filter { $0.count * 2 >= most }.map { (Self.density($0.color, counts), $0.count, $0.color) }.max {
        ($0.0, $0.1, $1.2) < ($1.0, $1.1, $0.2)
      }
      return best.map { RGB(packed: $0.2) }
    }
    let sorted = zip(sizes, modes).enumerated().sorted { ($0.element.0, $1.offset) > ($1.element.0, $0.offset) }
    var distinct: [(color: RGB, lab: Lab)] = []
    for case let color? in sorted.map(\.element.1) {
      let lab = Lab(color)
      if distinct.allSatisfy({ $0.lab.difference(to: lab) >= Self.leastDifference }) { distinct.append((color, lab)) }
    }
    colors = distinct.map(\.color)
  }

  private static func largest(_ list: [(count: UInt32, color: UInt32)]) -> [(count: UInt32, color: UInt32)] {
    Array(list.sorted { ($0.count, $1.color) > ($1.count, $0.color) }.prefix(candidateCount))
  }

  /// Pixels of a colour and of those that are near to it.
  private static func density(_ color: UInt32, _ counts: [UInt32]) -> Int {
    func range(_ shift: UInt32) -> ClosedRange<Int32> {
      let value = Int32(color >> shift & 255)
      return max(value - reach, 0)...min(value + reach, 255)
    }
    var sum = 0
    for red in range(16) {
      for green in range(8) {
        for blue in range(0) { sum += Int(counts[Int(red << 16 | green << 8 | blue)]) }
      }
    }
    return sum
  }
}
