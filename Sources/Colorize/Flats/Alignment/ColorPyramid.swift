// SPDX-License-Identifier: Apache-2.0

/// A picture in CIELAB at halved sizes, to be looked at through affine maps.
struct ColorPyramid {
  private struct Level {
    let width: Int
    let height: Int
    let values: [SIMD4<Float>]
    var longer: Int { max(width, height) }
  }

  private let levels: [Level]
  /// Width and height in units of the longer side.
  let extent: SIMD2<Double>

  /// A smaller square than this is not looked at more closely.
  private static let leastArea = 0.25
  /// The longer side of the largest level.
  private static let side = 256

  init(_ picture: Image) throws {
    let longer = max(picture.width, picture.height)
    let factor = min(1, Double(Self.side) / Double(longer))
    let (width, height) = (
      max(1, Int((Double(picture.width) * factor).rounded())), max(1, Int((Double(picture.height) * factor).rounded()))
    )
    let small = try picture.composited().resized(width: width, height: height)
    let table = LabTable.shared
    let values = (0..<width * height).map { pixel in
      let start = pixel * 3
      let lab = table.lab(
        SIMD3(Float(small.pixels[start]), Float(small.pixels[start + 1]), Float(small.pixels[start + 2])))
      return SIMD4(lab, 0)
    }
    self.init(values, width: width, height: height)
    assert(small.channels == 3)
  }

  private init(_ values: [SIMD4<Float>], width: Int, height: Int) {
    var levels = [Level(width: width, height: height, values: values)]
    while let last = levels.last, last.longer >= 32 {
      let (width, height) = ((last.width + 1) / 2, (last.height + 1) / 2)
      let values = (0..<width * height).map { pixel in
        let (x, y) = (pixel % width * 2, pixel / width * 2)
        let (right, below) = (min(x + 1, last.width - 1), min(y + 1, last.height - 1))
        return
          (last.values[y * last.width + x] + last.values[y * last.width + right]
          + last.values[below * last.width + x] + last.values[below * last.width + right]) / 4
      }
      levels.append(Level(width: width, height: height, values: values))
    }
    self.levels = levels
    let longer = Double(max(width, height))
    extent = SIMD2(Double(width), Double(height)) / longer
  }

  /// The edges of what a frame sees of the picture through a map.
  ///
  /// - Parameters:
  ///   - frame: pixels of the frame.
  ///   - unit: how many pixels of the frame are the unit of its places.
  func edges(through map: AffineMap, frame: (width: Int, height: Int), unit: Double, blur: Float) -> EdgePlanes {
    let step = abs(map.determinant).squareRoot() / unit
    let level = levels.first { step * Double($0.longer) <= 1.5 } ?? levels[levels.count - 1]
    let scale = Double(level.longer)
    let middle = SIMD2(Double(level.width), Double(level.height)) / 2 - 0.5
    var colors: [SIMD4<Float>] = []
    var shown: [Bool] = []
    colors.reserveCapacity(frame.width * frame.height)
    shown.reserveCapacity(frame.width * frame.height)
    for y in 0..<frame.height {
      for x in 0..<frame.width {
        let place = map(
          SIMD2(Double(x) + 0.5 - Double(frame.width) / 2, Double(y) + 0.5 - Double(frame.height) / 2) / unit)
        shown.append(abs(place.x) * 2 <= extent.x && abs(place.y) * 2 <= extent.y)
        colors.append(Self.color(of: level, at: place * scale + middle))
      }
    }
    return EdgePlanes(colors, width: frame.width, height: frame.height, shown: shown, blur: blur)
  }

  /// What can be reached from the picture's edges.
  var openGround: PlaceMask {
    OpenGround.mask(levels[0].values, width: levels[0].width, height: levels[0].height)
  }

  /// The picture's outlines.
  var thinLines: PlaceMask {
    ThinLines.mask(levels[0].values.map(\.x), width: levels[0].width, height: levels[0].height)
  }

  /// The energy of all edges of the picture, seen by a frame as a map of that scale shows it.
  func energy(scale: Double, unit: Double, blur: Float) -> Float {
    let frame = (
      width: max(1, Int((extent.x * unit / scale).rounded(.up))),
      height: max(1, Int((extent.y * unit / scale).rounded(.up)))
    )
    let map = AffineMap(right: SIMD2(scale, 0), down: SIMD2(0, scale))
    return edges(through: map, frame: frame, unit: unit, blur: blur).energy
  }

  /// The part of a frame in which a map shows something of the picture, and what is near; nil for none.
  func box(
    through map: AffineMap, frame: (width: Int, height: Int), unit: Double, blur: Float
  ) -> (x: Range<Int>, y: Range<Int>)? {
    guard let places = corners(through: map) else { return nil }
    let corners = places.map { $0 * unit }
    // Edges reach as far as they are blurred: three deviations, and as many of what finds them.
    let margin = Double(3 * blur) + 4
    func range(_ places: [Double], _ count: Int) -> Range<Int>? {
      guard let least = places.min(), let most = places.max(), least.isFinite, most.isFinite else { return nil }
      let middle = Double(count) / 2
      let low = Int(min(max((least + middle - margin).rounded(.down), 0), Double(count)))
      let high = Int(min(max((most + middle + margin).rounded(.up), 0), Double(count)))
      return low < high ? low..<high : nil
    }
    guard let x = range(corners.map(\.x), frame.width), let y = range(corners.map(\.y), frame.height) else {
      return nil
    }
    return (x, y)
  }

  /// The square around what a map shows of the picture in a drawing: its middle and its side, in places of the drawing; nil
  /// for nothing.
  ///
  /// - Parameter own: width and height of the drawing.
  func area(through map: AffineMap, of own: SIMD2<Double>) -> (middle: SIMD2<Double>, size: Double)? {
    guard let corners = corners(through: map) else { return nil }
    let (low, high) = corners.reduce((own / 2, -own / 2)) { (pointwiseMin($0.0, $1), pointwiseMax($0.1, $1)) }
    let (least, most) = (pointwiseMax(low, -own / 2), pointwiseMin(high, own / 2))
    let size = max((most - least).max(), Self.leastArea)
    guard (most - least).min() > 0 else { return nil }
    return ((least + most) / 2, size)
  }

  /// Where the picture's corners lie in a drawing that a map leads from.
  private func corners(through map: AffineMap) -> [SIMD2<Double>]? {
    guard let back = map.inverse else { return nil }
    return [SIMD2(-1.0, -1), SIMD2(1, -1), SIMD2(1, 1), SIMD2(-1, 1)].map { back(extent * $0 / 2) }
  }

  @inline(__always)
  private static func color(of level: Level, at place: SIMD2<Double>) -> SIMD4<Float> {
    let x = Float(min(max(place.x, 0), Double(level.width - 1)))
    let y = Float(min(max(place.y, 0), Double(level.height - 1)))
    let (left, top) = (Int(x), Int(y))
    let (right, bottom) = (min(left + 1, level.width - 1), min(top + 1, level.height - 1))
    let (across, along) = (x - Float(left), y - Float(top))
    let values = level.values
    let upper = values[top * level.width + left] * (1 - across) + values[top * level.width + right] * across
    let lower = values[bottom * level.width + left] * (1 - across) + values[bottom * level.width + right] * across
    return upper * (1 - along) + lower * along
  }
}
