// SPDX-License-Identifier: Apache-2.0

/// The gaps between lines that were closed.
enum GapList {
  /// Two regions touch over paper only where a gap was closed. The deepest pixel there is the gap's middle.
  static func gaps(
    _ labels: [UInt32], bounds: [UInt8], distances: DistanceField, maximumGap: Double
  ) -> [Gap] {
    var places: [(key: UInt64, depth: UInt16, pixel: UInt32)] = []
    let (width, height) = (distances.width, distances.height)
    func touch(_ pixel: Int, _ other: Int) {
      let (a, b) = (labels[pixel], labels[other])
      guard a != b, bounds[pixel] == 0, bounds[other] == 0 else { return }
      let depth = (distances.values[pixel], distances.values[other])
      let key = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
      places.append((key, max(depth.0, depth.1), UInt32(depth.0 >= depth.1 ? pixel : other)))
    }
    for y in 0..<height {
      for x in 0..<width {
        let pixel = y * width + x
        if x < width - 1 { touch(pixel, pixel + 1) }
        if y < height - 1 { touch(pixel, pixel + width) }
      }
    }
    // The widest places of each pair first.
    places.sort { ($0.key, $1.depth, $0.pixel) < ($1.key, $0.depth, $1.pixel) }
    var gaps: [Gap] = []
    var index = 0
    while index < places.count {
      let key = places[index].key
      let first = gaps.count
      while index < places.count, places[index].key == key {
        let (x, y) = (Int(places[index].pixel) % width, Int(places[index].pixel) / width)
        // Other places along the same gap lie between its two ends.
        let isKnown = gaps[first...].contains {
          Double(max(abs($0.x - x), abs($0.y - y))) <= $0.width + 2
        }
        if !isKnown, gaps.count - first < 100 {
          let (one, other) = Contacts.pair(key)
          let pixels = Double(places[index].depth) / Double(DistanceField.unit)
          gaps.append(Gap(x: x, y: y, width: max(1, 2 * pixels - 1), regions: [one, other]))
        }
        index += 1
      }
    }
    gaps.sort { ($1.width, $0.y, $0.x) < ($0.width, $1.y, $1.x) }
    return Array(gaps.prefix(RegionMap.maximumGapCount))
  }
}
