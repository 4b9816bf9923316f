// SPDX-License-Identifier: Apache-2.0

/// Which area of a picture each of its places belongs to.
public struct AreaLabels: Sendable, Hashable {
  /// Columns, `unit` times those of the latent.
  public let width: Int
  /// Rows, `unit` times those of the latent.
  public let height: Int
  /// How many columns, and rows, one position of the latent has.
  public let unit: Int
  /// `[height, width]`, row-major: numbers of areas, from 0.
  public let values: [UInt8]
  /// How many areas there are, whether or not any place belongs to each.
  public let areaCount: Int

  /// - Parameters:
  ///   - width: a multiple of `unit`.
  ///   - height: a multiple of `unit`.
  ///   - values: as many as there are places, each below `areaCount`.
  public init(width: Int, height: Int, unit: Int, values: [UInt8], areaCount: Int) {
    precondition(
      unit > 0 && width % unit == 0 && height % unit == 0 && values.count == width * height
        && values.allSatisfy { $0 < areaCount }, "labels of \(width) x \(height)")
    self.width = width
    self.height = height
    self.unit = unit
    self.values = values
    self.areaCount = areaCount
  }

  /// The area of each token of a level: that of most of its places, of several equal ones the last.
  ///
  /// - Parameter scale: how often the latent's sides are halved.
  package func majority(scale: Int) -> [Int] {
    let side = unit << scale
    let (rows, columns) = (height / side, width / side)
    var result: [Int] = []
    result.reserveCapacity(rows * columns)
    var counts = [Int](repeating: 0, count: areaCount)
    for row in 0..<rows {
      for column in 0..<columns {
        for area in counts.indices { counts[area] = 0 }
        for y in row * side..<(row + 1) * side {
          for x in column * side..<(column + 1) * side { counts[Int(values[y * width + x])] += 1 }
        }
        var best = 0
        for area in counts.indices where counts[area] >= counts[best] { best = area }
        result.append(best)
      }
    }
    return result
  }
}
