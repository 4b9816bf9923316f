// SPDX-License-Identifier: Apache-2.0

/// Labels that spread to the pixels without one: each takes that of the nearest labelled pixel.
///
/// Distances are counted in steps of 5 and, across corners, 7 (Borgefors 1986), off by at most 8 per cent: for lines a
/// few pixels wide, this parts them in the middle.
enum NearestLabels {
  static func spread(_ labels: inout [UInt32], width: Int, height: Int) throws {
    let none = BasinFlood.none
    var steps = [UInt16](repeating: .max, count: labels.count)
    // Pixels by the distance at which they were reached; a step is at most 7, so eight lists are never mixed up.
    var lists = [[UInt32]](repeating: [], count: 8)
    try labels.withUnsafeMutableBufferPointer { labels in
      try steps.withUnsafeMutableBufferPointer { steps in
        @inline(__always)
        func reach(_ neighbor: Int, _ label: UInt32, _ distance: Int) {
          guard Int(steps[neighbor]) > distance else { return }
          steps[neighbor] = UInt16(distance)
          labels[neighbor] = label
          lists[distance & 7].append(UInt32(neighbor))
        }
        @inline(__always)
        func spread(from pixel: Int, _ distance: Int) {
          let (x, y, label) = (pixel % width, pixel / width, labels[pixel])
          let (side, corner) = (min(distance + 5, 65_000), min(distance + 7, 65_000))
          if y > 0 {
            reach(pixel - width, label, side)
            if x > 0 { reach(pixel - width - 1, label, corner) }
            if x < width - 1 { reach(pixel - width + 1, label, corner) }
          }
          if x > 0 { reach(pixel - 1, label, side) }
          if x < width - 1 { reach(pixel + 1, label, side) }
          if y < height - 1 {
            reach(pixel + width, label, side)
            if x > 0 { reach(pixel + width - 1, label, corner) }
            if x < width - 1 { reach(pixel + width + 1, label, corner) }
          }
        }

        for pixel in 0..<labels.count where labels[pixel] != none { steps[pixel] = 0 }
        for pixel in 0..<labels.count where steps[pixel] == 0 { spread(from: pixel, 0) }
        var distance = 1
        var pause = 0
        while lists.contains(where: { !$0.isEmpty }) {
          var list: [UInt32] = []
          swap(&list, &lists[distance & 7])
          for entry in list where Int(steps[Int(entry)]) == distance || distance >= 65_000 {
            spread(from: Int(entry), distance)
          }
          pause += list.count
          if pause > 1 << 20 {
            try Task.checkCancellation()
            pause = 0
          }
          distance += 1
        }
      }
    }
  }
}
