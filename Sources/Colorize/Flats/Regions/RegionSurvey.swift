// SPDX-License-Identifier: Apache-2.0

/// What there is to say about each region of a labelled picture.
struct RegionSurvey {
  private let labels: [UInt32]
  private let width: Int
  private let height: Int
  private(set) var areas: [Int]
  private var lefts: [Int]
  private var rights: [Int]
  private var tops: [Int]
  private var bottoms: [Int]
  private var centers: [Int]

  /// - Parameter count: All labels are below it, and each has a pixel.
  init(_ labels: [UInt32], width: Int, height: Int, count: Int) {
    self.labels = labels
    self.width = width
    self.height = height
    areas = [Int](repeating: 0, count: count)
    lefts = [Int](repeating: .max, count: count)
    rights = [Int](repeating: 0, count: count)
    tops = [Int](repeating: .max, count: count)
    bottoms = [Int](repeating: 0, count: count)
    centers = [Int](repeating: -1, count: count)
    var pixel = 0
    for y in 0..<height {
      var x = 0
      while x < width {
        let label = labels[pixel]
        let start = x
        while x < width, labels[pixel] == label {
          x += 1
          pixel += 1
        }
        let region = Int(label)
        areas[region] += x - start
        lefts[region] = min(lefts[region], start)
        rights[region] = max(rights[region], x - 1)
        tops[region] = min(tops[region], y)
        bottoms[region] = max(bottoms[region], y)
        if centers[region] < 0 { centers[region] = pixel - 1 }
      }
    }
  }

  /// Takes the deepest pixel of each region for its middle.
  mutating func findCenters(_ distances: DistanceField) {
    for pixel in labels.indices {
      let region = Int(labels[pixel])
      if distances.values[pixel] > distances.values[centers[region]] { centers[region] = pixel }
    }
  }

  func regions(_ contacts: Contacts, isInk: [Bool], shades: [Shade]?) -> [Region] {
    var neighbors = [[Region.Neighbor]](repeating: [], count: areas.count)
    for (key, bound) in contacts.bounds {
      let (first, second) = Contacts.pair(key)
      neighbors[first].append(.init(id: second, length: bound.length, openLength: bound.openLength))
      neighbors[second].append(.init(id: first, length: bound.length, openLength: bound.openLength))
    }
    return areas.indices.map { region in
      Region(
        id: region, area: areas[region],
        box: PixelBox(
          x: lefts[region], y: tops[region], width: rights[region] - lefts[region] + 1,
          height: bottoms[region] - tops[region] + 1),
        center: PixelPoint(x: centers[region] % width, y: centers[region] / width),
        isInk: isInk[region], shade: shades?[region] ?? .base,
        neighbors: neighbors[region].sorted { ($1.length, $0.id) < ($0.length, $1.id) })
    }
  }
}
