// SPDX-License-Identifier: Apache-2.0

/// Looks up the nearest entries of a palette, many times over.
///
/// The difference is CIEDE2000 (``Lab/difference(to:)``). It is computed for those entries only that can be nearest: the
/// formula never makes less of a step in lightness than its 1.75th part, so entries too far in lightness are passed by.
public struct PaletteMatcher: Sendable {
  private struct Candidate: Sendable {
    let index: Int
    let color: RGB
    let lab: Lab
  }

  /// The most that CIEDE2000 divides a step of lightness by: at black and white, `1 + 0.015 * 50² / sqrt(20 + 50²)`.
  private static let lightnessDivisor = 1.748

  /// By lightness; of equal colours the first only.
  private let candidates: [Candidate]

  public init(_ palette: Palette) {
    var seen: Set<RGB> = []
    candidates = palette.entries.enumerated().compactMap { index, entry in
      seen.insert(entry.color).inserted ? Candidate(index: index, color: entry.color, lab: Lab(entry.color)) : nil
    }.sorted { ($0.lab.lightness, $0.index) < ($1.lab.lightness, $1.index) }
  }

  /// The entry that is nearest to a colour, of several the first, and its difference; nil for a palette without
  /// entries.
  public func nearest(to color: RGB) -> (index: Int, difference: Double)? {
    guard !candidates.isEmpty else { return nil }
    let lab = Lab(color)
    // Upwards and downwards in lightness from the colour itself.
    var above = candidates.partitioningIndex { $0.lab.lightness >= lab.lightness }
    var below = above - 1
    var best: (index: Int, difference: Double)?
    func consider(_ candidate: Candidate) {
      let difference = candidate.color == color ? 0 : candidate.lab.difference(to: lab)
      if let found = best, (found.difference, found.index) < (difference, candidate.index) { return }
      best = (candidate.index, difference)
    }
    func canBeNearer(_ candidate: Candidate) -> Bool {
      guard let best else { return true }
      return abs(candidate.lab.lightness - lab.lightness) <= best.difference * Self.lightnessDivisor
    }
    while true {
      let hasAbove = above < candidates.count && canBeNearer(candidates[above])
      let hasBelow = below >= 0 && canBeNearer(candidates[below])
      guard hasAbove || hasBelow else { return best }
      if hasAbove {
        consider(candidates[above])
        above += 1
      }
      if hasBelow {
        consider(candidates[below])
        below -= 1
      }
    }
  }

  /// The nearest entry of each pixel, row by row; alpha is not looked at. Empty for a palette without entries.
  public func indices(of image: Image) -> [Int] {
    var memo = Memo()
    var indices: [Int] = []
    guard !candidates.isEmpty else { return indices }
    indices.reserveCapacity(image.width * image.height)
    let channels = image.channels
    image.pixels.withUnsafeBufferPointer { pixels in
      for pixel in stride(from: 0, to: pixels.count, by: channels) {
        let color =
          channels == 1
          ? RGB(pixels[pixel], pixels[pixel], pixels[pixel])
          : RGB(pixels[pixel], pixels[pixel + 1], pixels[pixel + 2])
        indices.append(memo.value(of: color) { nearest(to: $0)?.index ?? 0 })
      }
    }
    return indices
  }

  /// What was found for colours before: a slot a colour, so that memory has a bound, and each answer is exact.
  private struct Memo {
    private var slots = [(color: UInt32, index: Int32)](repeating: (.max, 0), count: 1 << 16)

    mutating func value(of color: RGB, _ find: (RGB) -> Int) -> Int {
      let packed = color.packed
      let slot = Int((packed &* 0x9E37_79B1) >> 16)
      if slots[slot].color == packed { return Int(slots[slot].index) }
      let index = find(color)
      slots[slot] = (packed, Int32(index))
      return index
    }
  }
}

extension Palette {
  /// The entry that is nearest to a colour by CIEDE2000, of several the first, and its difference; nil without
  /// entries. For many colours make one ``PaletteMatcher``.
  public func nearest(to color: RGB) -> (index: Int, difference: Double)? {
    PaletteMatcher(self).nearest(to: color)
  }
}

extension Image {
  /// The image with each pixel in the palette's nearest colour, exactly. Alpha stays; grey becomes RGB. A palette
  /// without entries changes nothing.
  public func mapped(to palette: Palette) -> Image {
    guard !palette.entries.isEmpty else { return self }
    let indices = PaletteMatcher(palette).indices(of: self)
    let newChannels = max(channels, 3)
    var mapped = channels == 4 ? pixels : [UInt8](repeating: 0, count: indices.count * 3)
    for (pixel, index) in indices.enumerated() {
      let color = palette.entries[index].color
      mapped[pixel * newChannels] = color.red
      mapped[pixel * newChannels + 1] = color.green
      mapped[pixel * newChannels + 2] = color.blue
    }
    return Image(checkedWidth: width, height: height, channels: newChannels, pixels: mapped)
  }
}

extension Array {
  /// The first index whose element fulfils a predicate that, once true, stays so.
  fileprivate func partitioningIndex(where isInSecond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isInSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
