// SPDX-License-Identifier: Apache-2.0

/// Which regions the guide strokes make highlights and shadows.
///
/// Of two regions that a stroke parts, the smaller one is the highlight or the shadow: light and shadow lie upon
/// something larger. Where strokes say different things, that of the longest bound counts.
struct GuideShades {
  /// By region.
  let shades: [Shade]

  /// The least share of a bound that is stroke.
  private static let leastShare = 0.25

  init(_ contacts: Contacts, strokes: GuideStrokes?, options: GuideOptions, areas: [Int]) {
    var lengths = [[Shade: Int]](repeating: [:], count: areas.count)
    for (key, bound) in contacts.bounds {
      guard let strokes, bound.strokeLength > 0,
        Double(bound.strokeLength) >= Self.leastShare * Double(bound.length)
      else { continue }
      let (first, second) = Contacts.pair(key)
      // Numbers run from the largest region to the smallest.
      let smaller = areas[first] < areas[second] ? first : second
      var votes = [Int](repeating: 0, count: options.kinds.count + 1)
      for pixel in bound.strokePixels { votes[Int(strokes.kinds[pixel])] += 1 }
      guard let kind = votes.indices.max(by: { votes[$0] < votes[$1] }), kind > 0 else { continue }
      lengths[smaller][options.kinds[kind - 1].shade, default: 0] += bound.strokeLength
    }
    shades = lengths.map { found in
      Shade.allCases.filter { found[$0] != nil }.max { found[$0, default: 0] < found[$1, default: 0] } ?? .base
    }
  }
}
