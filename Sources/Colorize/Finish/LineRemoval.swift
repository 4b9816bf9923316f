// SPDX-License-Identifier: Apache-2.0

/// A painting without the lines that the network drew: what stands on and beside a line of the drawing takes the colour of
/// the nearest place of the same region that is clear of lines.
///
/// A network draws a line where the sketch has one, softer and wider than that. Taken out, the artist's own lines can be
/// laid over without a second, blurred line beside each.
struct LineRemoval {
  private let map: RegionMap
  /// For every pixel the pixel whose colour it takes.
  private let sources: [UInt32]

  /// No pixel at all: a region that has nothing clear of lines.
  private static let none = UInt32.max

  /// - Parameters:
  ///   - ink: how much each pixel of the drawing is covered.
  ///   - reach: how far from a line the network's own line reaches, in pixels of the drawing.
  init(_ map: RegionMap, ink: InkMap, reach: Double) throws {
    self.map = map
    let (width, height) = (map.width, map.height)
    let lines = ink.values.map { $0 >= 64 ? UInt8(1) : 0 }
    let distances = DistanceField(lines, width: width, height: height, marked: 1, hasWall: false)
    let least = UInt16(min(max(reach, 1) * Double(DistanceField.unit), 60_000))
    try Task.checkCancellation()
    var sources = distances.values.enumerated().map { $1 > least ? UInt32($0) : Self.none }
    try Self.spread(&sources, in: map, from: distances)
    self.sources = sources
  }

  /// Fills each region from its clear places outwards, and regions without any from their places furthest from lines.
  private static func spread(_ sources: inout [UInt32], in map: RegionMap, from distances: DistanceField) throws {
    // A region that is all beside lines starts where it is clearest, so that it keeps what was painted there.
    var clearest = [(distance: UInt16, pixel: UInt32)](repeating: (0, none), count: map.regions.count)
    var hasClear = [Bool](repeating: false, count: map.regions.count)
    for (pixel, label) in map.labels.enumerated() {
      if sources[pixel] != none {
        hasClear[Int(label)] = true
      } else if clearest[Int(label)].pixel == none || distances.values[pixel] > clearest[Int(label)].distance {
        clearest[Int(label)] = (distances.values[pixel], UInt32(pixel))
      }
    }
    for (label, start) in clearest.enumerated() where !hasClear[label] && start.pixel != none {
      sources[Int(start.pixel)] = start.pixel
    }
    var front = sources.indices.filter { sources[$0] != none }.map { UInt32($0) }
    var next: [UInt32] = []
    let (width, height) = (map.width, map.height)
    while !front.isEmpty {
      try Task.checkCancellation()
      for entry in front {
        let pixel = Int(entry)
        let (x, y) = (pixel % width, pixel / width)
        func reach(_ neighbor: Int) {
          guard sources[neighbor] == none, map.labels[neighbor] == map.labels[pixel] else { return }
          sources[neighbor] = sources[pixel]
          next.append(UInt32(neighbor))
        }
        if x > 0 { reach(pixel - 1) }
        if x + 1 < width { reach(pixel + 1) }
        if y > 0 { reach(pixel - width) }
        if y + 1 < height { reach(pixel + width) }
      }
      swap(&front, &next)
      next.removeAll(keepingCapacity: true)
    }
  }

  /// The painting without lines; RGB, of the drawing's size.
  func callAsFunction(_ painting: Image) -> Image {
    let (width, height) = (map.width, map.height)
    assert(painting.width == width && painting.height == height)
    let source = painting.composited().pixels
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      for pixel in 0..<width * height {
        // A region in parts that do not touch is left as it is where no front came.
        let from = sources[pixel] == Self.none ? pixel : Int(sources[pixel])
        for channel in 0..<3 { target[pixel * 3 + channel] = source[from * 3 + channel] }
      }
      count = width * height * 3
    }
    return Image(checkedWidth: width, height: height, channels: 3, pixels: pixels)
  }
}
