// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a painting shows in each region: samples with weights, and the colour that most of them have.
struct Ballots {
  /// One sample of a region.
  struct Sample {
    var color: SIMD3<Float>
    var lab: SIMD3<Float>
    var weight: Float
  }

  /// A region's colour as painted.
  struct Result {
    /// Red, green and blue, 0...255.
    var color: SIMD3<Float>
    var lab: Lab
    /// The share of the weight that agrees with it.
    var share: Double
    /// 0...1: how much of the painting is seen in the region without the blur of its bounds.
    var reliability: Double
  }

  private(set) var samples: [Sample]
  /// Where each region's samples start; one more than there are regions.
  private(set) var starts: [Int]
  private var reliabilities: [Double]
  /// The areas of the regions.
  let areas: [Int]

  /// The most samples of a region: more do not change what most of them say.
  private static let sampleLimit = 2048

  /// - Parameter carried: what the reference says of the regions; its samples follow the painting's.
  init(_ map: RegionMap, painting: Image, carried: CarriedColors? = nil) throws {
    let regions = map.regions
    areas = regions.map(\.area)
    let depth = Self.depths(map)
    try Task.checkCancellation()
    // Painted pixels cover this many pixels of the drawing.
    let scale = max(
      1, Float(map.width) / Float(painting.width), Float(map.height) / Float(painting.height))
    let cap = (2 * scale + 2) * Float(DistanceField.unit)
    var deepest = [UInt16](repeating: 0, count: regions.count)
    for (pixel, label) in map.labels.enumerated() {
      deepest[Int(label)] = max(deepest[Int(label)], depth.values[pixel])
    }
    reliabilities = deepest.map { Double(min(1, (Float($0) / Float(DistanceField.unit) + 0.5) / (1.5 * scale + 1))) }

    let steps = areas.map { max(1, $0 / Self.sampleLimit) }
    let counts = zip(areas, steps).map { ($0 + $1 - 1) / $1 }
    starts = [0]
    starts.reserveCapacity(regions.count + 1)
    for count in counts { starts.append((starts.last ?? 0) + (carried == nil ? count : 2 * count)) }
    samples = [Sample](
      repeating: Sample(color: .zero, lab: .zero, weight: 0), count: starts.last ?? 0)
    var counters = [Int](repeating: 0, count: regions.count)
    let table = LabTable.shared
    for y in 0..<map.height {
      let row = PaintingRow(painting, at: (Float(y) + 0.5) * Float(painting.height) / Float(map.height) - 0.5)
      let across = Float(painting.width) / Float(map.width)
      for x in 0..<map.width {
        let pixel = y * map.width + x
        let region = Int(map.labels[pixel])
        let counter = counters[region]
        counters[region] = counter + 1
        guard counter % steps[region] == 0 else { continue }
        let color = row.color(at: (Float(x) + 0.5) * across - 0.5)
        let most = min(Float(deepest[region]) + 4, cap)
        let part = min(Float(depth.values[pixel]) + 4, cap) / most
        let place = starts[region] + counter / steps[region]
        samples[place] = Sample(color: color, lab: table.lab(color), weight: part * part)
        if let (color, trust) = carried?.color(x: x, y: y, region: region) {
          samples[place + counts[region]] = Sample(
            color: color, lab: table.lab(color), weight: part * part * trust)
        }
      }
    }
    if let carried { weigh(carried, counts) }
  }

  /// Gives what was carried its share of each region's vote.
  private mutating func weigh(_ carried: CarriedColors, _ counts: [Int]) {
    for (region, count) in counts.enumerated() {
      let (first, second) = (starts[region], starts[region] + count)
      let painted = samples[first..<second].reduce(0) { $0 + $1.weight }
      let there = samples[second..<second + count]
      let seen = there.count { $0.weight > 0 }
      let total = there.reduce(0) { $0 + $1.weight }
      let isSeen = Double(seen) >= CarriedColors.leastSeen * Double(count) && total > 0
      let share = isSeen ? Float(carried.weight(of: region)) : 0
      for place in first..<second { samples[place].weight *= 1 - share }
      for place in second..<second + count { samples[place].weight *= total > 0 ? share * painted / total : 0 }
    }
  }

  /// The distance from the regions' bounds.
  private static func depths(_ map: RegionMap) -> DistanceField {
    let (width, height) = (map.width, map.height)
    var bounds = [UInt8](repeating: 0, count: map.labels.count)
    map.labels.withUnsafeBufferPointer { labels in
      for y in 0..<height {
        for x in 0..<width {
          let pixel = y * width + x
          if x < width - 1, labels[pixel] != labels[pixel + 1] {
            bounds[pixel] = 1
            bounds[pixel + 1] = 1
          }
          if y < height - 1, labels[pixel] != labels[pixel + width] {
            bounds[pixel] = 1
            bounds[pixel + width] = 1
          }
        }
      }
    }
    return DistanceField(bounds, width: width, height: height, marked: 1, hasWall: false)
  }

  subscript(region: Int) -> ArraySlice<Sample> { samples[starts[region]..<starts[region + 1]] }

  /// The colour that most of a region's samples have: the densest place of CIELAB, found by mean shift.
  ///
  /// Comaniciu and Meer, “Mean Shift: A Robust Approach Toward Feature Space Analysis”, 2002.
  ///
  /// In a region that is painted as a gradient no colour is that of most: there the densest place of a wider kernel is
  /// the gradient's middle.
  func result(of region: Int) -> Result {
    let narrow = result(of: region, width: 8)
    guard narrow.share < 0.5 else { return narrow }
    let wide = result(of: region, width: 24)
    return wide.share > narrow.share ? wide : narrow
  }

  private func result(of region: Int, width: Float) -> Result {
    let own = self[region]
    // Epanechnikov's kernel: what is further apart is another colour.
    let scale = 1 / (width * width)
    func kernel(_ step: SIMD3<Float>) -> Float { max(0, 1 - (step * step).sum() * scale) }
    let seeds = Self.spread(own, most: 48)
    let crowd = Self.spread(own, most: 256)
    var best = (density: Float(-1), lab: SIMD3<Float>.zero)
    for seed in seeds {
      var density: Float = 0
      for other in crowd { density += other.weight * kernel(seed.lab - other.lab) }
      // Seeds in the middle of the region go first among those that are as dense.
      density *= 0.5 + 0.5 * min(1, seed.weight)
      if density > best.density { best = (density, seed.lab) }
    }
    var color = SIMD3<Float>.zero
    for _ in 0..<4 {
      var (lab, total) = (SIMD3<Float>.zero, Float(0))
      color = .zero
      for sample in own {
        let weight = sample.weight * kernel(best.lab - sample.lab)
        lab += weight * sample.lab
        color += weight * sample.color
        total += weight
      }
      guard total > 0 else { break }
      color /= total
      best.lab = lab / total
    }
    var (agreeing, total) = (Float(0), Float(0))
    for sample in own {
      total += sample.weight
      let step = sample.lab - best.lab
      if (step * step).sum() <= 144 { agreeing += sample.weight }
    }
    return Result(
      color: color,
      lab: Lab(lightness: Double(best.lab.x), a: Double(best.lab.y), b: Double(best.lab.z)),
      share: total > 0 ? Double(agreeing / total) : 0, reliability: reliabilities[region])
  }

  private static func spread(_ samples: ArraySlice<Sample>, most: Int) -> [Sample] {
    guard samples.count > most else { return Array(samples) }
    return (0..<most).map { samples[samples.startIndex + $0 * samples.count / most] }
  }
}

/// Two rows of a painting, to read colours between its pixels.
private struct PaintingRow {
  private let image: Image
  private let top: Int
  private let bottom: Int
  private let part: Float

  init(_ image: Image, at place: Float) {
    self.image = image
    let clamped = max(0, min(Float(image.height - 1), place))
    top = min(image.height - 1, Int(clamped))
    bottom = min(image.height - 1, top + 1)
    part = clamped - Float(top)
  }

  @inline(__always)
  func color(at place: Float) -> SIMD3<Float> {
    let clamped = max(0, min(Float(image.width - 1), place))
    let left = min(image.width - 1, Int(clamped))
    let right = min(image.width - 1, left + 1)
    let across = clamped - Float(left)
    let upper = pixel(top, left) + across * (pixel(top, right) - pixel(top, left))
    let lower = pixel(bottom, left) + across * (pixel(bottom, right) - pixel(bottom, left))
    return upper + part * (lower - upper)
  }

  @inline(__always)
  private func pixel(_ y: Int, _ x: Int) -> SIMD3<Float> {
    let start = (y * image.width + x) * 3
    return SIMD3(Float(image.pixels[start]), Float(image.pixels[start + 1]), Float(image.pixels[start + 2]))
  }
}
