// SPDX-License-Identifier: Apache-2.0

/// Solid black spots: where ink is clearly wider than the drawing's lines.
enum SolidInk {
  /// How many times wider than the usual line.
  private static let widening = 1.8
  /// The least half-width, in pixels.
  private static let leastRadius = 2.5

  /// Gives the spots labels from `first` on.
  ///
  /// A spot is what a disc reaches that fits into the ink, wider than the lines. So the lines that lead to a spot do
  /// not belong to it.
  ///
  /// - Parameters:
  ///   - mask: 1 where ink is.
  ///   - labels: Those of the spots are set; no pixel of ink has one before.
  /// - Returns: How many there are.
  static func label(
    _ mask: [UInt8], width: Int, height: Int, minimumArea: Int, first: UInt32, into labels: inout [UInt32]
  ) throws -> Int {
    let inside = DistanceField(mask, width: width, height: height, marked: 1, inverted: true, hasWall: false)
    let usual = lineRadius(inside)
    let radius = max(leastRadius, usual * widening + 1)
    let least = UInt16(min(65_534, radius * Double(DistanceField.unit)))
    var cores = [UInt8](repeating: 0, count: width * height)
    var isEmpty = true
    for pixel in cores.indices where inside.values[pixel] > least && mask[pixel] == 1 {
      cores[pixel] = 1
      isEmpty = false
    }
    guard !isEmpty else { return 0 }
    try Task.checkCancellation()
    let reach = DistanceField(cores, width: width, height: height, marked: 1, hasWall: false)
    for pixel in cores.indices { cores[pixel] = mask[pixel] == 1 && reach.values[pixel] <= least + 4 ? 1 : 0 }
    return components(of: cores, width: width, height: height, minimumArea: minimumArea, first: first, into: &labels)
  }

  /// The usual half-width of a line: the depth that 85 per cent of the middles of the ink do not exceed.
  private static func lineRadius(_ inside: DistanceField) -> Double {
    let (width, height) = (inside.width, inside.height)
    var histogram = [Int](repeating: 0, count: 1024)
    inside.values.withUnsafeBufferPointer { values in
      for y in stride(from: 1, to: max(1, height - 1), by: 1) {
        for x in stride(from: 1, to: max(1, width - 1), by: 1) {
          let value = values[y * width + x]
          // A middle is at least as deep as its neighbours across, in either direction. Where both are as deep as it
          // is, that direction runs along the ink: the sides of a spot are no middles.
          guard value > 0,
            isMiddle(value, values[y * width + x - 1], values[y * width + x + 1])
              || isMiddle(value, values[(y - 1) * width + x], values[(y + 1) * width + x])
          else { continue }
          histogram[min(1023, Int(value))] += 1
        }
      }
    }
    let total = histogram.reduce(0, +)
    var sum = 0
    for (value, count) in histogram.enumerated() where total > 0 {
      sum += count
      if sum * 20 >= total * 17 { return Double(value) / Double(DistanceField.unit) }
    }
    return 0
  }

  @inline(__always)
  private static func isMiddle(_ value: UInt16, _ first: UInt16, _ second: UInt16) -> Bool {
    max(first, second) <= value && min(first, second) < value
  }

  /// Labels 4-connected areas of ones.
  private static func components(
    of cores: [UInt8], width: Int, height: Int, minimumArea: Int, first: UInt32, into labels: inout [UInt32]
  ) -> Int {
    var found = 0
    var pending: [Int] = []
    var members: [Int] = []
    for start in cores.indices where cores[start] == 1 && labels[start] == BasinFlood.none {
      let label = first + UInt32(found)
      members.removeAll(keepingCapacity: true)
      pending.append(start)
      labels[start] = label
      while let pixel = pending.popLast() {
        members.append(pixel)
        let x = pixel % width
        for (neighbor, isInside) in [
          (pixel - 1, x > 0), (pixel + 1, x < width - 1), (pixel - width, pixel >= width),
          (pixel + width, pixel + width < cores.count),
        ] where isInside && cores[neighbor] == 1 && labels[neighbor] == BasinFlood.none {
          labels[neighbor] = label
          pending.append(neighbor)
        }
      }
      if members.count >= minimumArea {
        found += 1
      } else {
        // A label that is no number of a region keeps them from being found again.
        for pixel in members { labels[pixel] = BasinFlood.none - 1 }
      }
    }
    for pixel in labels.indices where labels[pixel] == BasinFlood.none - 1 { labels[pixel] = BasinFlood.none }
    return found
  }
}
