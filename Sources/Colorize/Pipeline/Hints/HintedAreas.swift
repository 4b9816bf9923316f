// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The areas of a drawing that strokes of colour speak for, in the padded working frame, and what a painting of it becomes
/// there.
///
/// The areas are the regions that flats have, and the colours those that flats take of the strokes, so that painting and
/// flats agree.
struct HintedAreas {
  let width: Int
  let height: Int
  /// One more than the place in ``colors`` of each pixel's, row-major; 0 where nothing is hinted.
  let labels: [UInt32]
  /// One for each area.
  let colors: [Lab]
  /// Where a line of the drawing is: what is painted there says nothing about the area's lightness.
  private let isLine: [Bool]
  /// The share of a pixel's deviation from the usual lightness that stays: all of it at lines, half where the network was
  /// uneven over an area.
  private let contrast: [Float]

  /// What finding and recolouring the areas takes at most, in bytes a pixel of the drawing: as regions do for flats.
  static let bytesPerPixel = 16
  /// The same, in bytes a pixel that the network works on.
  static let workingBytesPerPixel = 48

  /// - Parameters:
  ///   - colors: Those of the hinted regions.
  ///   - map: The drawing's regions, of its aspect, at any scale.
  ///   - lines: The prepared drawing's at the working size, -1 (paper) ... 1.
  ///   - frame: The frame that the network works in.
  /// - Returns: Nil where no region is hinted.
  init?(_ colors: [Int: RGB], map: RegionMap, lines: [Float], frame: WorkingFrame) {
    let regions = colors.keys.sorted()
    guard !regions.isEmpty else { return nil }
    var places = [UInt32](repeating: 0, count: map.regions.count)
    for (place, region) in regions.enumerated() { places[region] = UInt32(place + 1) }
    let (scaled, padded) = (frame.scaled, frame.padded)
    var labels = [UInt32](repeating: 0, count: padded.width * padded.height)
    var isLine = [Bool](repeating: false, count: labels.count)
    let columns = (0..<scaled.width).map { min((2 * $0 + 1) * map.width / (2 * scaled.width), map.width - 1) }
    for y in 0..<scaled.height {
      let row = min((2 * y + 1) * map.height / (2 * scaled.height), map.height - 1) * map.width
      for x in 0..<scaled.width {
        labels[y * padded.width + x] = places[Int(map.labels[row + columns[x]])]
        isLine[y * padded.width + x] = lines[y * scaled.width + x] > 0
      }
    }
    (width, height) = (padded.width, padded.height)
    self.labels = labels
    self.isLine = isLine
    let distances = DistanceField(
      isLine.map { $0 ? 1 : 0 }, width: padded.width, height: padded.height, marked: 1, hasWall: false)
    contrast = distances.values.map { distance in
      1 - 0.5 * min(max(Float(distance) / Float(DistanceField.unit) - 1, 0) / 3, 1)
    }
    self.colors = regions.compactMap { colors[$0].map { Lab($0) } }
  }

  /// A painting with its hinted areas in their colours: the area's usual lightness becomes the hint's, black stays black and
  /// white white, so that shading and lines stay; hue and chroma are the hint's.
  ///
  /// - Parameters:
  ///   - painting: `[height, width, 3]` about -1...1.
  ///   - strength: How far each pixel moves, 0...1.
  func recolored(_ painting: [Float], strength: Float) -> [Float] {
    func sample(_ value: Float) -> UInt8 { UInt8(min(max((value + 1) * 127.5, 0), 255).rounded()) }
    func color(_ pixel: Int) -> RGB {
      RGB(sample(painting[pixel * 3]), sample(painting[pixel * 3 + 1]), sample(painting[pixel * 3 + 2]))
    }
    var lightness = [Float](repeating: 0, count: labels.count)
    for pixel in labels.indices where labels[pixel] > 0 { lightness[pixel] = Float(Lab(color(pixel)).lightness) }
    let usual = usualLightness(lightness)
    var result = painting
    for pixel in labels.indices where labels[pixel] > 0 {
      let area = Int(labels[pixel]) - 1
      let before = color(pixel)
      let kept = usual[area] + Double(contrast[pixel]) * (Double(lightness[pixel]) - usual[area])
      let after = RGB(Self.shaded(colors[area], lightness: kept, usual: usual[area]))
      for (channel, (old, new)) in [(before.red, after.red), (before.green, after.green), (before.blue, after.blue)]
        .enumerated()
      {
        result[pixel * 3 + channel] += strength * (Float(new) - Float(old)) / 127.5
      }
    }
    return result
  }

  /// The median of each area's lightness, beside its lines.
  private func usualLightness(_ lightness: [Float]) -> [Double] {
    var histograms = [[Int]](repeating: [Int](repeating: 0, count: 101), count: colors.count)
    var counts = [(all: Int, lines: Int)](repeating: (0, 0), count: colors.count)
    for pixel in labels.indices where labels[pixel] > 0 {
      counts[Int(labels[pixel]) - 1].all += 1
      if isLine[pixel] { counts[Int(labels[pixel]) - 1].lines += 1 }
    }
    for pixel in labels.indices where labels[pixel] > 0 {
      let area = Int(labels[pixel]) - 1
      // A hair of an area may be line all over.
      if isLine[pixel], counts[area].lines * 8 < counts[area].all * 7 { continue }
      histograms[area][min(max(Int(lightness[pixel].rounded()), 0), 100)] += 1
    }
    return histograms.map { histogram in
      let half = histogram.reduce(0, +) / 2
      var (sum, median) = (0, 0)
      while median < 100, sum + histogram[median] <= half {
        sum += histogram[median]
        median += 1
      }
      return Double(median)
    }
  }

  /// The colour of a pixel of an area whose usual lightness becomes the hint's.
  private static func shaded(_ hint: Lab, lightness: Double, usual: Double) -> Lab {
    let isDarker = lightness <= usual
    // The part of the way from the usual to black or to white.
    let way = isDarker ? (usual > 0 ? lightness / usual : 1) : (100 - lightness) / (100 - usual)
    // Light on the way to white, dark on the way to black: chroma goes along.
    return Lab(
      lightness: isDarker ? hint.lightness * way : 100 - (100 - hint.lightness) * way, a: hint.a * way, b: hint.b * way)
  }

  /// The share of each position of the latent that is hinted, `[height / factor, width / factor]`.
  func shares(factor: Int) -> [Float] {
    let (columns, rows) = (width / factor, height / factor)
    var shares = [Float](repeating: 0, count: columns * rows)
    for y in 0..<rows * factor {
      for x in 0..<columns * factor where labels[y * width + x] > 0 {
        shares[y / factor * columns + x / factor] += 1 / Float(factor * factor)
      }
    }
    return shares
  }

  /// How far a change of the areas' pixels counts at each position of the latent: wholly where the encoder sees it well, and
  /// not at all further away, where only its norms and its attention do.
  func reach(factor: Int) -> [Float] {
    let (columns, rows) = (width / factor, height / factor)
    let shares = shares(factor: factor)
    var reach = [Float](repeating: 0, count: shares.count)
    for y in 0..<rows {
      for x in 0..<columns where shares[y * columns + x] > 0 {
        for ny in max(y - 2, 0)...min(y + 2, rows - 1) {
          for nx in max(x - 2, 0)...min(x + 2, columns - 1) {
            let value: Float = max(abs(nx - x), abs(ny - y)) < 2 ? 1 : 0.5
            reach[ny * columns + nx] = max(reach[ny * columns + nx], value)
          }
        }
      }
    }
    return reach
  }
}

extension ColorizeRequest {
  /// The areas that the request's hints speak for, if they act on the network and hit anything.
  ///
  /// - Parameters:
  ///   - lineArt: what the finish will find its regions in.
  ///   - polarity: the one that was found.
  ///   - lines: the prepared drawing's, at the working size.
  /// - Throws: ``FlatsError``, ``ImageError``, or `CancellationError`.
  func hintedAreas(
    lineArt: Image, polarity: SketchPolarity, lines: SketchLines, in frame: WorkingFrame
  ) throws -> HintedAreas? {
    guard hintsActOnNetwork, let hints else { return nil }
    let map = try RegionMap(
      lineArt: lineArt, options: settings.flats.regionOptions(polarity: polarity, guides: settings.guides))
    var colors = ColorHints(hints, map: map).colors
    if let palette {
      let matcher = PaletteMatcher(palette)
      colors = colors.mapValues { color in
        matcher.nearest(to: color).map { palette.entries[$0.index].color } ?? color
      }
    }
    return HintedAreas(colors, map: map, lines: lines.values, frame: frame)
  }
}
