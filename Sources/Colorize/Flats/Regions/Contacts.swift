// SPDX-License-Identifier: Apache-2.0

/// Where regions touch: the pixel edges between each pair of them.
struct Contacts {
  /// What two regions have in common.
  struct Bound {
    var length = 0
    /// Over paper, where neither pixel is line.
    var openLength = 0
    /// The edges at a guide stroke.
    var strokeLength = 0
    /// The first pixels of at most a few of these, to see which kind of stroke it is.
    var strokePixels: [Int] = []
  }

  /// By the smaller number times 2^32 plus the larger.
  private(set) var bounds: [UInt64: Bound] = [:]

  private static let strokePixelLimit = 64

  /// - Parameter bounds: As in ``RegionBuilder``; empty where nothing is known but the labels.
  init(_ labels: [UInt32], width: Int, height: Int, bounds mask: [UInt8]) throws {
    // A run of edges between the same two regions is looked up once.
    var (key, current) = (UInt64.max, Bound())
    func touch(_ first: Int, _ second: Int) {
      let (a, b) = (labels[first], labels[second])
      guard a != b else { return }
      let own = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
      if own != key {
        if key != .max { bounds[key] = current }
        key = own
        current = bounds[own] ?? Bound()
      }
      current.length += 1
      guard !mask.isEmpty else { return }
      let (here, there) = (mask[first], mask[second])
      if here == 0 && there == 0 {
        current.openLength += 1
      } else if here == 2 || there == 2 {
        current.strokeLength += 1
        if current.strokePixels.count < Self.strokePixelLimit {
          current.strokePixels.append(here == 2 ? first : second)
        }
      }
    }
    for y in 0..<height {
      if y & 255 == 0 { try Task.checkCancellation() }
      for x in 0..<width {
        let pixel = y * width + x
        if x < width - 1 { touch(pixel, pixel + 1) }
        if y < height - 1 { touch(pixel, pixel + width) }
      }
    }
    if key != .max { bounds[key] = current }
  }

  static func pair(_ key: UInt64) -> (first: Int, second: Int) {
    (Int(key >> 32), Int(key & 0xFFFF_FFFF))
  }
}
