// SPDX-License-Identifier: Apache-2.0

/// Which pixels are line.
///
/// A pixel is line where it holds clearly more ink than its surroundings on average, or nearly full ink, and at least
/// half as much as the most inked pixel beside it. The first finds faint lines beside strong ones, and leaves even
/// shading to the regions; the last puts the edge of an antialiased line at half of its height, so that the paper
/// between two close lines stays paper. Faint specks are the paper's grain, and no line.
struct LineMask {
  let width: Int
  let height: Int
  /// Row-major: 1 for line, 0 for paper.
  private(set) var values: [UInt8]

  /// Nearly full ink, which is line whatever is around it.
  private static let full = 176
  /// How much more ink than the surroundings on average.
  private static let contrast = 24

  init(_ ink: InkMap) {
    let (width, height) = (ink.width, ink.height)
    self.width = width
    self.height = height
    let radius = max(4, min(width, height) / 128)
    let least = max(28, ink.noise)
    values = [UInt8](unsafeUninitializedCapacity: width * height) { target, count in
      nonisolated(unsafe) let target = target
      ink.values.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source
        ParallelRows.forEach(height: height, width: width) { rows in
          var means = BoxMeans(width: width, height: height, radius: radius, firstRow: rows.lowerBound, source: source)
          for y in rows {
            means.advance(to: y, source: source)
            for x in 0..<width {
              let value = Int(source[y * width + x])
              let isInked = value >= least && (value >= Self.full || value >= means.mean(x) + Self.contrast)
              target[y * width + x] =
                isInked && value * 2 >= Self.highest(source, x, y, width, height) ? 1 : 0
            }
          }
        }
      }
      count = width * height
    }
    removeSpecks(ink, smallerThan: max(8, min(width, height) / 48))
  }

  /// How far apart, in pixels, the pieces of a torn stroke lie that count as one patch.
  private static let tear = 2

  /// Takes away patches that are both small and faint all over. Pencil on rough paper leaves pieces as small and as faint
  /// as grain, but in a row: what lies within a pixel of each other is one patch.
  private mutating func removeSpecks(_ ink: InkMap, smallerThan least: Int) {
    // Pixels of patches that were looked at hold 2 meanwhile.
    var patch: [Int] = []
    let (width, height, reach) = (width, height, Self.tear)
    values.withUnsafeMutableBufferPointer { values in
      ink.values.withUnsafeBufferPointer { ink in
        for start in 0..<values.count where values[start] == 1 {
          patch.removeAll(keepingCapacity: true)
          patch.append(start)
          values[start] = 2
          var next = 0
          var strongest = ink[start]
          while next < patch.count {
            let (x, y) = (patch[next] % width, patch[next] / width)
            next += 1
            for row in max(0, y - reach)...min(height - 1, y + reach) {
              for neighbor in row * width + max(0, x - reach)...row * width + min(width - 1, x + reach)
              where values[neighbor] == 1 {
                values[neighbor] = 2
                strongest = max(strongest, ink[neighbor])
                patch.append(neighbor)
              }
            }
          }
          guard patch.count < least, Int(strongest) < Self.full else { continue }
          for pixel in patch { values[pixel] = 0 }
        }
        for pixel in 0..<values.count where values[pixel] == 2 { values[pixel] = 1 }
      }
    }
  }

  /// The most ink within a pixel.
  @inline(__always)
  private static func highest(
    _ source: UnsafeBufferPointer<UInt8>, _ x: Int, _ y: Int, _ width: Int, _ height: Int
  ) -> Int {
    var highest: UInt8 = 0
    for row in max(0, y - 1)...min(height - 1, y + 1) {
      for column in max(0, x - 1)...min(width - 1, x + 1) { highest = max(highest, source[row * width + column]) }
    }
    return Int(highest)
  }
}

/// Means over a square around each pixel, row after row; the square is cut off at the picture's edges.
private struct BoxMeans {
  let width: Int
  let height: Int
  let radius: Int
  /// The sums of the columns over the square's rows.
  private var columns: [Int32]
  /// The sums of all columns before each.
  private var running: [Int32]
  private var row: Int

  init(width: Int, height: Int, radius: Int, firstRow: Int, source: UnsafeBufferPointer<UInt8>) {
    self.width = width
    self.height = height
    self.radius = radius
    columns = [Int32](repeating: 0, count: width)
    running = [Int32](repeating: 0, count: width + 1)
    row = firstRow
    for y in max(0, firstRow - radius)...min(height - 1, firstRow + radius) { add(y, source: source) }
    accumulate()
  }

  mutating func advance(to next: Int, source: UnsafeBufferPointer<UInt8>) {
    guard next > row else { return }
    row = next
    if row + radius < height { add(row + radius, source: source) }
    if row - radius - 1 >= 0 { remove(row - radius - 1, source: source) }
    accumulate()
  }

  @inline(__always)
  func mean(_ x: Int) -> Int {
    let (left, right) = (max(0, x - radius), min(width, x + radius + 1))
    let rows = min(height, row + radius + 1) - max(0, row - radius)
    return Int(running[right] - running[left]) / ((right - left) * rows)
  }

  private mutating func add(_ y: Int, source: UnsafeBufferPointer<UInt8>) {
    columns.withUnsafeMutableBufferPointer { columns in
      for x in 0..<columns.count { columns[x] &+= Int32(source[y * columns.count + x]) }
    }
  }

  private mutating func remove(_ y: Int, source: UnsafeBufferPointer<UInt8>) {
    columns.withUnsafeMutableBufferPointer { columns in
      for x in 0..<columns.count { columns[x] &-= Int32(source[y * columns.count + x]) }
    }
  }

  private mutating func accumulate() {
    // A row of 16384 columns of at most 257 x 255 stays below 2^31.
    var sum: Int32 = 0
    for x in 0..<width {
      running[x] = sum
      sum &+= columns[x]
    }
    running[width] = sum
  }
}
