// SPDX-License-Identifier: Apache-2.0

/// Crosses, with or without a circle, of one size in the corners of a sheet: what printers and cameras align it by.
///
/// A cross is upright and reaches from end to end of its bounding box, its middle is that of the box, and what is left of it
/// lies on a circle. Three corners have one, at the same distance from the edges they share; then those at the middles of the
/// edges are marks as well.
struct RegistrationMarks {
  /// `[height, width]` of the view.
  let mask: [Bool]?

  private static let leastDarkness: Float = 0.2
  private static let zone: Float = 0.16
  private static let sizes: ClosedRange<Float> = 0.012...0.1

  init(in view: SheetView) {
    let (width, height) = (view.width, view.height)
    let longer = Float(view.longer)
    let margin = Int(Self.zone * longer)
    let isDark = view.isDark(above: Self.leastDarkness, within: margin)
    let crosses = view.plane.components(of: isDark).compactMap { part -> Spot? in
      guard part.count > 8, Float(part.count) < longer * longer / 400 else { return nil }
      let spot = Spot(part, in: view, mask: isDark)
      let sizes = Self.sizes.lowerBound * longer...Self.sizes.upperBound * longer
      guard sizes.contains(spot.width), sizes.contains(spot.height), (0.75...1.33).contains(spot.width / spot.height)
      else { return nil }
      return Self.isCross(spot, columns: width) ? spot : nil
    }
    // In which corner, if in one.
    func corner(_ spot: Spot) -> Int? {
      let (x, y) = (spot.x, spot.y)
      let isLeft = x < Float(margin), isRight = x >= Float(width - margin)
      let isTop = y < Float(margin), isBottom = y >= Float(height - margin)
      guard isLeft || isRight, isTop || isBottom else { return nil }
      return (isRight ? 1 : 0) + (isBottom ? 2 : 0)
    }
    let near = 0.03 * longer
    for seed in crosses where corner(seed) != nil {
      let alike = crosses.filter { (0.85...1.18).contains($0.width / seed.width) }
      var corners: [Int: Spot] = [:]
      for spot in alike {
        guard let place = corner(spot) else { continue }
        corners[place] = corners[place].map { $0.pixels.count > spot.pixels.count ? $0 : spot } ?? spot
      }
      guard corners.count >= 3 else { continue }
      let isAligned = corners.allSatisfy { place, spot in
        let acrossSheet = corners[place ^ 1].map { abs($0.y - spot.y) < near } ?? true
        let downSheet = corners[place ^ 2].map { abs($0.x - spot.x) < near } ?? true
        return acrossSheet && downSheet
      }
      guard isAligned else { continue }
      let middles = alike.filter { spot in
        corner(spot) == nil
          && (abs(spot.x - Float(width) / 2) < 2 * near || abs(spot.y - Float(height) / 2) < 2 * near)
      }
      var mask = [Bool](repeating: false, count: width * height)
      for spot in Array(corners.values) + middles { for index in spot.pixels { mask[index] = true } }
      self.mask = view.plane.grown(mask, by: 2)
      return
    }
    mask = nil
  }

  private static func isCross(_ spot: Spot, columns: Int) -> Bool {
    let (wide, high) = (Int(spot.width), Int(spot.height))
    var rows = [Int](repeating: 0, count: high)
    var stripes = [Int](repeating: 0, count: wide)
    for index in spot.pixels {
      rows[index / columns - spot.top] += 1
      stripes[index % columns - spot.left] += 1
    }
    let isBarRow = rows.map { $0 * 10 >= wide * 8 }
    let isBarStripe = stripes.map { $0 * 10 >= high * 8 }
    let (barRows, barStripes) = (
      isBarRow.indices.filter { isBarRow[$0] }, isBarStripe.indices.filter { isBarStripe[$0] }
    )
    guard let firstRow = barRows.first, let lastRow = barRows.last, let firstStripe = barStripes.first,
      let lastStripe = barStripes.last, (lastRow - firstRow) * 6 <= high, (lastStripe - firstStripe) * 6 <= wide,
      abs(firstRow + lastRow + 1 - high) * 5 <= high, abs(firstStripe + lastStripe + 1 - wide) * 5 <= wide
    else { return false }
    // The rest, away from the bars and their blur.
    let middle = (Float(firstStripe + lastStripe) / 2, Float(firstRow + lastRow) / 2)
    var distances: [Float] = []
    for index in spot.pixels {
      let (x, y) = (index % columns - spot.left, index / columns - spot.top)
      guard !(firstRow - 2...lastRow + 2).contains(y), !(firstStripe - 2...lastStripe + 2).contains(x) else { continue }
      let (u, v) = (Float(x) - middle.0, Float(y) - middle.1)
      distances.append((u * u + v * v).squareRoot())
    }
    guard distances.count * 12 > spot.pixels.count else { return true }
    // A circle's, or a disc's, or two circles'.
    distances.sort()
    let (least, most) = (distances[distances.count / 20], distances[distances.count * 19 / 20])
    return most - least < 0.25 * most + 2
  }
}
