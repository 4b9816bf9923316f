// SPDX-License-Identifier: Apache-2.0

/// The exact Euclidean distance of each pixel's middle from that of the nearest marked pixel.
///
/// After Meijster, Roerdink and Hesselink, “A General Algorithm for Computing Distance Transforms in Linear Time”, 2000:
/// along the columns first, then the lower envelope of the parabolas of each row.
struct DistanceField {
  /// Units of a pixel.
  static let unit = 8
  /// What stands for this distance and every longer one.
  static let longest = UInt16.max

  let width: Int
  let height: Int
  /// Row-major, in eighths of a pixel, rounded down.
  private(set) var values: [UInt16]

  /// - Parameters:
  ///   - mask: One value for each pixel.
  ///   - marked: The value of the pixels that distances are measured from; all others are apart from them.
  ///   - inverted: Measures from the pixels that have another value.
  ///   - hasWall: Whether the pixels just outside the picture are marked too.
  init(_ mask: [UInt8], width: Int, height: Int, marked: UInt8, inverted: Bool = false, hasWall: Bool) {
    self.width = width
    self.height = height
    values = [UInt16](repeating: 0, count: width * height)
    values.withUnsafeMutableBufferPointer { values in
      mask.withUnsafeBufferPointer { mask in
        Self.measureColumns(mask, width, height, marked, inverted, hasWall, into: values)
        Self.measureRows(width, height, hasWall, values)
      }
    }
  }

  /// Leaves the distance along the column in every pixel, in pixels.
  private static func measureColumns(
    _ mask: UnsafeBufferPointer<UInt8>, _ width: Int, _ height: Int, _ marked: UInt8, _ inverted: Bool, _ hasWall: Bool,
    into values: UnsafeMutableBufferPointer<UInt16>
  ) {
    // Longer than any side, and no square of it overflows.
    let far: UInt16 = 32_767
    // Strips of columns side by side: each runs down and up again on its own.
    let strip = 256
    nonisolated(unsafe) let (mask, values) = (mask, values)
    ParallelRows.forEachPiece((width + strip - 1) / strip) { index in
      let xs = index * strip..<min(width, (index + 1) * strip)
      for y in 0..<height {
        for x in xs {
          let above = y > 0 ? values[(y - 1) * width + x] : hasWall ? 0 : far
          let isMarked = (mask[y * width + x] == marked) != inverted
          values[y * width + x] = isMarked ? 0 : min(above &+ 1, far)
        }
      }
      for y in stride(from: height - 1, through: 0, by: -1) {
        for x in xs {
          let below = y < height - 1 ? values[(y + 1) * width + x] : hasWall ? 0 : far
          values[y * width + x] = min(values[y * width + x], min(below &+ 1, far))
        }
      }
    }
  }

  private static func measureRows(
    _ width: Int, _ height: Int, _ hasWall: Bool, _ values: UnsafeMutableBufferPointer<UInt16>
  ) {
    nonisolated(unsafe) let values = values
    ParallelRows.forEach(height: height, width: width) { rows in
      var columns = [Int32](repeating: 0, count: width)
      var vertices = [Int32](repeating: 0, count: width)
      var starts = [Int32](repeating: 0, count: width)
      columns.withUnsafeMutableBufferPointer { columns in
        vertices.withUnsafeMutableBufferPointer { vertices in
          starts.withUnsafeMutableBufferPointer { starts in
            for y in rows {
              let row = UnsafeMutableBufferPointer(rebasing: values[y * width..<(y + 1) * width])
              measureRow(row, hasWall, columns, vertices, starts)
            }
          }
        }
      }
    }
  }

  private static func measureRow(
    _ row: UnsafeMutableBufferPointer<UInt16>, _ hasWall: Bool, _ columns: UnsafeMutableBufferPointer<Int32>,
    _ vertices: UnsafeMutableBufferPointer<Int32>, _ starts: UnsafeMutableBufferPointer<Int32>
  ) {
    let width = row.count
    for x in 0..<width { columns[x] = Int32(row[x]) }
    // Parabolas of the lower envelope, and the first pixel at which each is the lowest.
    var last = 0
    vertices[0] = 0
    starts[0] = 0
    for x in 1..<max(width, 1) {
      let height = square(columns[x])
      while last >= 0 {
        let vertex = vertices[last]
        let start = Int64(starts[last])
        if square(columns[Int(vertex)]) + (start - Int64(vertex)) * (start - Int64(vertex))
          > height + (start - Int64(x)) * (start - Int64(x))
        {
          last -= 1
        } else {
          break
        }
      }
      if last < 0 {
        last = 0
        vertices[0] = Int32(x)
        starts[0] = 0
      } else {
        let vertex = Int64(vertices[last])
        let crossing =
          (Int64(x * x) - vertex * vertex + height - square(columns[Int(vertex)])) / (2 * (Int64(x) - vertex)) + 1
        if crossing < Int64(width) {
          last += 1
          vertices[last] = Int32(x)
          starts[last] = Int32(crossing)
        }
      }
    }
    for x in stride(from: width - 1, through: 0, by: -1) {
      let vertex = Int(vertices[last])
      var squared = square(columns[vertex]) + Int64((x - vertex) * (x - vertex))
      if hasWall {
        let edge = Int64(min(x + 1, width - x))
        squared = min(squared, edge * edge)
      }
      let distance = (Float(squared)).squareRoot() * Float(unit)
      row[x] = distance >= Float(longest) ? longest : UInt16(distance)
      if x == Int(starts[last]) && last > 0 { last -= 1 }
    }
  }

  @inline(__always)
  private static func square(_ value: Int32) -> Int64 { Int64(value) * Int64(value) }
}
