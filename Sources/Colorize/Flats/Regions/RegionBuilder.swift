// SPDX-License-Identifier: Apache-2.0

/// The steps from a drawing to its regions.
struct RegionBuilder {
  private let width: Int
  private let height: Int
  private let maximumGap: Double
  private let minimumArea: Int
  private let guides: GuideOptions?
  /// 1 where a line is, 2 where a guide stroke is, which bounds as well.
  private var bounds: [UInt8]
  private var strokes: GuideStrokes?

  init(_ drawing: Image, options: RegionOptions, lines: LineMask? = nil) throws {
    (width, height) = (drawing.width, drawing.height)
    maximumGap = options.maximumGap ?? RegionOptions.defaultGap(width: width, height: height)
    minimumArea = options.minimumArea ?? RegionOptions.defaultMinimumArea(width: width, height: height)
    guides = options.guides
    strokes = options.guides.map { GuideStrokes(drawing, options: $0) }
    bounds = (lines ?? LineMask(InkMap(strokes?.drawing ?? drawing, polarity: options.polarity))).values
    if let strokes {
      for pixel in bounds.indices where strokes.kinds[pixel] != 0 && bounds[pixel] == 0 { bounds[pixel] = 2 }
    }
    try Task.checkCancellation()
  }

  /// How much smaller than ``RegionOptions/minimumArea`` an enclosed area may be.
  private static let enclosedShare = 8

  func map() throws -> RegionMap {
    let distances = DistanceField(bounds, width: width, height: height, marked: 0, inverted: true, hasWall: true)
    try Task.checkCancellation()
    var labels = try BasinFlood(distances, maximumGap: maximumGap).roots
    try Task.checkCancellation()
    var count = Self.number(&labels)
    try SpeckMerging(
      width: width, height: height, minimumArea: minimumArea, enclosedArea: minimumArea / Self.enclosedShare
    ).run(&labels, count: &count)
    let inkFirst = count
    // Spots are as small as eyes' pupils, but no smaller than enclosed areas.
    count += try SolidInk.label(
      bounds, width: width, height: height, minimumArea: max(1, minimumArea / Self.enclosedShare),
      first: UInt32(count), into: &labels)
    if count == 0 {
      // Lines all over, and none of it solid.
      labels = [UInt32](repeating: 0, count: width * height)
      count = 1
    }
    try Task.checkCancellation()
    try NearestLabels.spread(&labels, width: width, height: height)
    let order = Self.sortByArea(&labels, count: count)
    try Task.checkCancellation()
    return try survey(labels, isInk: order.map { $0 >= inkFirst }, distances)
  }

  /// Numbers the basins from 0 on; returns how many there are.
  private static func number(_ labels: inout [UInt32]) -> Int {
    var numbers = [UInt32](repeating: 0, count: labels.count)
    var count: UInt32 = 0
    for pixel in labels.indices where labels[pixel] == pixel {
      numbers[pixel] = count
      count += 1
    }
    for pixel in labels.indices where labels[pixel] != BasinFlood.none {
      labels[pixel] = numbers[Int(labels[pixel])]
    }
    return Int(count)
  }

  /// Renumbers the regions from the largest to the smallest, and drops numbers without a pixel.
  ///
  /// - Returns: The old numbers in the new order.
  static func sortByArea(_ labels: inout [UInt32], count: Int) -> [Int] {
    var areas = [Int](repeating: 0, count: count)
    for label in labels { areas[Int(label)] += 1 }
    // At the same area the old order holds, which is that of the first pixels.
    let order = areas.indices.filter { areas[$0] > 0 }.sorted { (-areas[$0], $0) < (-areas[$1], $1) }
    var numbers = [UInt32](repeating: 0, count: count)
    for (new, old) in order.enumerated() { numbers[old] = UInt32(new) }
    for pixel in labels.indices { labels[pixel] = numbers[Int(labels[pixel])] }
    return order
  }

  private func survey(_ labels: [UInt32], isInk: [Bool], _ distances: DistanceField) throws -> RegionMap {
    let contacts = try Contacts(labels, width: width, height: height, bounds: bounds)
    var survey = RegionSurvey(labels, width: width, height: height, count: isInk.count)
    survey.findCenters(distances)
    let shades = guides.map { GuideShades(contacts, strokes: strokes, options: $0, areas: survey.areas).shades }
    return RegionMap(
      width: width, height: height, labels: labels,
      regions: survey.regions(contacts, isInk: isInk, shades: shades),
      gaps: GapList.gaps(labels, bounds: bounds, distances: distances, maximumGap: maximumGap))
  }
}
