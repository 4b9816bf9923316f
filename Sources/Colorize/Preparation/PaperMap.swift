// SPDX-License-Identifier: Apache-2.0

/// The colour of the paper under a drawing with dark lines: one colour, or one that changes slowly over the sheet.
struct PaperMap: Hashable {
  /// Samples of a colour: 1 or 3.
  let channels: Int
  /// The picture's size.
  private let width: Int
  private let height: Int
  let columns: Int
  let rows: Int
  /// `[rows, columns, channels]`, each in 16...255. One cell where the paper is even.
  let levels: [Float]
  /// How little the paper is one surface: the share of neighbouring cells that differ by more than an eighth, or in hue.
  let roughness: Float

  /// Whether what was taken for paper is a coloured patch on a dark ground, as in clip art.
  let isPatch: Bool

  /// Whether there are areas of one exact tone; see ``FlatTones``.
  let hasFlatTones: Bool

  /// What was found about light and sheet, where it is used.
  private let shade: ShadeMap?

  /// Whether something outside of the sheet is in the picture: a scanner's lid, a desk.
  var hasOutside: Bool { shade?.isOnSheet ?? false }
  /// How little the light on it is gradual, as a share of its tone; see ``LightSurface``.
  var ripple: Float { shade?.ripple ?? 0 }
  /// Whether there are two pages with a gutter between them.
  var hasGutter: Bool { shade?.hasGutter ?? false }

  /// The mean colour.
  var color: [Float] {
    (0..<channels).map { channel in
      let values = stride(from: channel, to: levels.count, by: channels).map { levels[$0] }
      return values.reduce(0, +) / Float(values.count)
    }
  }

  /// How much the lightest and the darkest cell differ, in levels of 0...255.
  var unevenness: Float {
    (0..<channels).map { channel in
      let values = stride(from: channel, to: levels.count, by: channels).map { levels[$0] }
      return (values.max() ?? 0) - (values.min() ?? 0)
    }.max() ?? 0
  }

  /// The share of cells of another hue than most: light and shadow change the tone of paper, and its hue but little.
  var colorfulness: Float {
    guard channels == 3 else { return 0 }
    var red: [Float] = []
    var blue: [Float] = []
    for index in stride(from: 0, to: levels.count, by: 3) {
      red.append(levels[index] / levels[index + 1])
      blue.append(levels[index + 2] / levels[index + 1])
    }
    let (usualRed, usualBlue) = (red.sorted()[red.count / 2], blue.sorted()[blue.count / 2])
    let others = zip(red, blue).count { abs($0 / usualRed - 1) > 0.15 || abs($1 / usualBlue - 1) > 0.15 }
    return Float(others) / Float(red.count)
  }

  /// Finds the paper: a light tone that most of the light pixels have, or beside which all others are flat, or else one for each
  /// cell of a grid.
  ///
  /// - Parameter image: grey or RGB, lines dark.
  init(of image: Image) {
    channels = image.channels
    (width, height) = (image.width, image.height)
    let found = Self.evenColor(of: image)
    hasFlatTones = found?.hasFlatTones ?? false
    if let found {
      let even = found.color
      let shade = ShadeMap(of: image, tone: ShadeMap.luma(of: even, channels: channels)[0])
      // A shadow on a sheet comes from its border; what is shaded elsewhere is drawn, and so are flat tones.
      guard let shade, shade.paperShare > 0.5,
        shade.outsideShare > 0 || (!found.hasFlatTones && shade.shadowShare > 0.01 && shade.borderShadowShare > 0.02)
      else {
        (columns, rows, levels, roughness, self.shade) = (1, 1, even, 0, nil)
        isPatch = Self.isPatch(even, in: image)
        return
      }
      (columns, rows, levels, roughness) = (shade.width, shade.height, shade.clampedLevels, 0)
      isPatch = false
      self.shade = shade
      return
    }
    isPatch = false
    // Narrower than shadows, wider than a bundle of lines.
    let cell = max(4, (max(image.width, image.height) + 31) / 32)
    let (columns, rows) = ((image.width + cell - 1) / cell, (image.height + cell - 1) / cell)
    let raw = Self.cellLevels(of: image, cell: cell, columns: columns, rows: rows)
    let plane = Grid(columns: columns, rows: rows, channels: channels)
    // What is dark in fewer than five cells across is drawn, and not the light.
    let closed = plane.extremes(plane.extremes(raw, radius: 2, max), radius: 2, min)
    let roughness = plane.roughness(closed)
    let tone = Self.commonTone(of: closed, channels: channels)
    if let shade = ShadeMap(of: image, tone: tone), shade.paperShare > (shade.outsideShare > 0 ? 0.6 : 0.75) {
      (self.columns, self.rows, levels) = (shade.width, shade.height, shade.clampedLevels)
      self.roughness = shade.outsideShare > 0 ? 0 : roughness
      self.shade = shade
      return
    }
    (self.columns, self.rows, self.roughness, shade) = (columns, rows, roughness, nil)
    levels = plane.blurred(closed).map { min(max($0, 16), 255) }
  }

  /// The luma that three in four cells do not exceed.
  private static func commonTone(of levels: [Float], channels: Int) -> Float {
    let luma = ShadeMap.luma(of: levels, channels: channels).sorted()
    return luma[min(luma.count * 3 / 4, luma.count - 1)]
  }

  /// The paper's colour where at least six in ten light pixels have one luma, give or take three, or what is not paper has flat
  /// tones.
  private static func evenColor(of image: Image) -> (color: [Float], hasFlatTones: Bool)? {
    let luma = image.grey
    var counts = [Int](repeating: 0, count: 256)
    for value in luma.pixels { counts[Int(value)] += 1 }
    // The brightest tone that is common: single white pixels do not count.
    var above = 0
    var top = 255
    while top > 0, above + counts[top] < max(1, luma.pixels.count / 100) {
      above += counts[top]
      top -= 1
    }
    let light = top / 2 + 1...255
    let total = light.reduce(0) { $0 + counts[$1] }
    func share(around center: Int) -> Int { (max(center - 3, 0)...min(center + 3, 255)).reduce(0) { $0 + counts[$1] } }
    let flat = FlatTones(counts)
    let common = light.max { counts[$0] < counts[$1] }
    guard let mode = common.flatMap({ share(around: $0) * 10 >= total * 6 ? $0 : nil }) ?? flat?.paper
    else { return nil }
    guard image.channels == 3 else { return ([Float(max(mode, 16))], flat != nil) }
    var sums = [0, 0, 0]
    var count = 0
    for (index, value) in luma.pixels.enumerated() where abs(Int(value) - mode) <= 1 {
      for channel in 0..<3 { sums[channel] += Int(image.pixels[index * 3 + channel]) }
      count += 1
    }
    return (sums.map { max(Float($0) / Float(max(count, 1)), 16) }, flat != nil)
  }

  /// Whether a tinted paper is hardly at the picture's border, which is dark instead. Where a sheet lies on something dark,
  /// ``ShadeMap`` has told so by its outline.
  private static func isPatch(_ color: [Float], in image: Image) -> Bool {
    guard color.count == 3, let most = color.max(), let least = color.min(), most - least > 0.15 * most else {
      return false
    }
    let tone = ShadeMap.luma(of: color, channels: 3)[0]
    let luma = image.grey
    let margin = max(1, min(image.width, image.height) / 50)
    var (paper, dark, total) = (0, 0, 0)
    for y in 0..<image.height {
      for x in 0..<image.width
      where x < margin || y < margin || x >= image.width - margin || y >= image.height - margin {
        total += 1
        let value = Float(luma.pixels[y * image.width + x])
        if abs(value - tone) < 24 { paper += 1 } else if value < 0.5 * tone { dark += 1 }
      }
    }
    return paper * 5 < total && dark * 2 > total
  }

  /// In each cell, the level that six in ten of its pixels do not exceed.
  private static func cellLevels(of image: Image, cell: Int, columns: Int, rows: Int) -> [Float] {
    let channels = image.channels
    var levels: [Float] = []
    levels.reserveCapacity(columns * rows * channels)
    for row in 0..<rows {
      for column in 0..<columns {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: channels)
        var total = 0
        for y in row * cell..<min((row + 1) * cell, image.height) {
          for x in column * cell..<min((column + 1) * cell, image.width) {
            let pixel = (y * image.width + x) * channels
            for channel in 0..<channels { counts[channel][Int(image.pixels[pixel + channel])] += 1 }
            total += 1
          }
        }
        for channel in 0..<channels {
          var sum = 0
          var level = 0
          for value in 0..<256 {
            sum += counts[channel][value]
            level = value
            if sum * 10 >= total * 6 { break }
          }
          levels.append(Float(level))
        }
      }
    }
    return levels
  }

  /// The paper along a row of the image: `width * channels` levels, 0 outside of the sheet.
  func fill(row y: Int, width: Int, into target: inout [Float]) {
    guard columns * rows > 1 else {
      for index in 0..<width * channels { target[index] = levels[index % channels] }
      return
    }
    let (top, bottom, down) = Self.neighbours(of: y, extent: height, count: rows)
    for x in 0..<width {
      let (left, right, along) = Self.neighbours(of: x, extent: self.width, count: columns)
      if let shade, !shade.isSheet[(down < 0.5 ? top : bottom) * columns + (along < 0.5 ? left : right)] {
        for channel in 0..<channels { target[x * channels + channel] = 0 }
        continue
      }
      for channel in 0..<channels {
        func level(_ row: Int, _ column: Int) -> Float { levels[(row * columns + column) * channels + channel] }
        let above = level(top, left) + (level(top, right) - level(top, left)) * along
        let below = level(bottom, left) + (level(bottom, right) - level(bottom, left)) * along
        target[x * channels + channel] = above + (below - above) * down
      }
    }
  }

  private static func neighbours(of position: Int, extent: Int, count: Int) -> (Int, Int, Float) {
    let place = (Float(position) + 0.5) * Float(count) / Float(extent) - 0.5
    let first = min(max(Int(place.rounded(.down)), 0), count - 1)
    return (first, min(first + 1, count - 1), min(max(place - Float(first), 0), 1))
  }
}

extension ShadeMap {
  /// Levels that can be divided by.
  fileprivate var clampedLevels: [Float] { levels.map { min(max($0, 16), 255) } }
}

/// Filters of a small grid with its channels interleaved.
struct Grid {
  let columns: Int
  let rows: Int
  let channels: Int

  private func index(_ column: Int, _ row: Int, _ channel: Int) -> Int {
    (min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)) * channels + channel
  }

  private func map(_ value: (_ column: Int, _ row: Int, _ channel: Int) -> Float) -> [Float] {
    (0..<columns * rows * channels).map { index in
      value(index / channels % columns, index / channels / columns, index % channels)
    }
  }

  /// The extreme in a square around each cell.
  func extremes(_ values: [Float], radius: Int, _ pick: (Float, Float) -> Float) -> [Float] {
    let along = map { column, row, channel in
      (-radius...radius).reduce(values[index(column, row, channel)]) {
        pick($0, values[index(column + $1, row, channel)])
      }
    }
    return map { column, row, channel in
      (-radius...radius).reduce(along[index(column, row, channel)]) {
        pick($0, along[index(column, row + $1, channel)])
      }
    }
  }

  /// The mean of a square of three cells.
  func blurred(_ values: [Float]) -> [Float] {
    map { column, row, channel in
      var sum: Float = 0
      for y in -1...1 { for x in -1...1 { sum += values[index(column + x, row + y, channel)] } }
      return sum / 9
    }
  }

  /// The share of neighbouring cells between which the level jumps by more than an eighth, or the hue changes.
  func roughness(_ values: [Float]) -> Float {
    var (jumps, pairs) = (0, 0)
    for row in 0..<rows {
      for column in 0..<columns {
        for (right, down) in [(1, 0), (0, 1)] where column + right < columns && row + down < rows {
          pairs += 1
          let ratios = (0..<channels).map { channel in
            (values[index(column, row, channel)] + 8) / (values[index(column + right, row + down, channel)] + 8)
          }
          let (least, most) = (ratios.min() ?? 1, ratios.max() ?? 1)
          if least < 0.875 || most > 1 / 0.875 || most > least * 1.1 { jumps += 1 }
        }
      }
    }
    return pairs == 0 ? 0 : Float(jumps) / Float(pairs)
  }
}
