// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A staple in a corner of a sheet, or two in a row along one edge: a straight bar of about 12 mm by 0.5 mm, with nothing
/// drawn beside it.
struct Staples {
  /// `[height, width]` of the view.
  let mask: [Bool]?

  private static let leastDarkness: Float = 0.15
  private static let zone: Float = 0.13
  private static let lengths: ClosedRange<Float> = 0.025...0.075

  private struct Bar {
    let pixels: [Int]
    let (x, y): (Float, Float)
    let (length, thickness): (Float, Float)
    /// -pi/2 ... pi/2.
    let angle: Float
  }

  init(in view: SheetView) {
    let (width, height) = (view.width, view.height)
    let longer = Float(view.longer)
    let margin = Int(Self.zone * longer)
    let isDark = view.isDark(above: Self.leastDarkness, within: margin)
    let parts = view.plane.components(of: isDark)
    let lengths = Self.lengths.lowerBound * longer...Self.lengths.upperBound * longer
    let bars = parts.compactMap { part -> Bar? in
      guard part.count > 8, Float(part.count) < longer * longer / 1000 else { return nil }
      let bar = Self.bar(part, columns: width)
      guard lengths.contains(bar.length), bar.thickness < 0.008 * longer, bar.length > 7 * bar.thickness,
        // Filled from end to end.
        Float(part.count) > 0.7 * bar.length * bar.thickness
      else { return nil }
      return bar
    }
    /// Whether nothing else is near to a bar, but what is as small as the holes at its ends.
    func isAlone(_ bar: Bar) -> Bool {
      let reach = bar.length * 0.9
      return !parts.contains { part in
        guard Float(part.count) > 0.5 * bar.length, part[0] != bar.pixels[0] else { return false }
        return part.contains {
          let (u, v) = (Float($0 % width) - bar.x, Float($0 / width) - bar.y)
          return u * u + v * v < reach * reach
        }
      }
    }
    let alone = bars.filter(isAlone)
    func isInCorner(_ bar: Bar) -> Bool {
      (bar.x < Float(margin) || bar.x >= Float(width - margin))
        && (bar.y < Float(margin) || bar.y >= Float(height - margin))
    }
    var found: [Bar] = []
    // Several bars are drawn: rain, hatching, grass.
    if bars.count == 1, let bar = alone.first, isInCorner(bar) { found = [bar] }
    if bars.count == 2, alone.count == 2 {
      let (a, b) = (alone[0], alone[1])
      let isAlike = (0.85...1.18).contains(a.length / b.length)
      let (upright, level) = (abs(abs(a.angle) - .pi / 2) < 0.08, abs(a.angle) < 0.08)
      let (uprightToo, levelToo) = (abs(abs(b.angle) - .pi / 2) < 0.08, abs(b.angle) < 0.08)
      let apart = 4 * a.length
      let isColumn =
        upright && uprightToo && abs(a.x - b.x) < 0.3 * a.length && abs(a.y - b.y) > apart
        && abs(a.y + b.y - Float(height)) < 0.16 * Float(height)
      let isRow =
        level && levelToo && abs(a.y - b.y) < 0.3 * a.length && abs(a.x - b.x) > apart
        && abs(a.x + b.x - Float(width)) < 0.16 * Float(width)
      if isAlike, isColumn || isRow { found = alone }
    }
    guard !found.isEmpty else {
      mask = nil
      return
    }
    var mask = [Bool](repeating: false, count: width * height)
    for bar in found { for index in bar.pixels { mask[index] = true } }
    self.mask = view.plane.grown(mask, by: 3)
  }

  /// A part's axes, by its second moments: a rectangle's sides are the square root of twelve times their deviation.
  private static func bar(_ part: [Int], columns: Int) -> Bar {
    let count = Float(part.count)
    let x = part.reduce(0) { $0 + Float($1 % columns) } / count
    let y = part.reduce(0) { $0 + Float($1 / columns) } / count
    var (xx, yy, xy): (Float, Float, Float) = (1.0 / 12, 1.0 / 12, 0)
    for index in part {
      let (u, v) = (Float(index % columns) - x, Float(index / columns) - y)
      xx += u * u / count
      yy += v * v / count
      xy += u * v / count
    }
    let root = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
    let (large, small) = ((xx + yy) / 2 + root, max((xx + yy) / 2 - root, 0))
    return Bar(
      pixels: part, x: x, y: y, length: (12 * large).squareRoot(), thickness: (12 * small).squareRoot(),
      angle: atan2(2 * xy, xx - yy) / 2)
  }
}
