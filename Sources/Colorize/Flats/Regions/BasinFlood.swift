// SPDX-License-Identifier: Apache-2.0

/// The areas between the lines, gaps closed.
///
/// Distance from the lines makes a relief, in which an area is a basin and the way through a gap is a pass. From the
/// deepest pixels on, basins grow until they meet. Where they do, they become one, unless the pass is narrow enough to
/// be a gap and both basins are clearly wider than it. This is what a ball of every size that is rolled through the
/// areas finds (a trapped ball), in one sweep, and without the corners that a ball does not reach.
struct BasinFlood {
  /// Row-major: the basin of each pixel, as the number of one of its pixels, or ``none`` for lines.
  private(set) var roots: [UInt32]
  static let none = UInt32.max

  /// How much wider than the pass both basins are.
  static let widening = 1.75
  /// How much wider in any case, in pixels.
  static let slack = 1.0

  /// - Parameters:
  ///   - distances: From the lines; 0 on them.
  ///   - maximumGap: In pixels.
  init(_ distances: DistanceField, maximumGap: Double) throws {
    let (width, height) = (distances.width, distances.height)
    let count = width * height
    // A pass through a gap of an even number of pixels is half a pixel from the middle.
    let band = Int((maximumGap + 1) / 2 * Double(DistanceField.unit))
    roots = [UInt32](repeating: Self.none, count: count)
    var peaks = distances.values
    try distances.values.withUnsafeBufferPointer { depth in
      try roots.withUnsafeMutableBufferPointer { roots in
        try peaks.withUnsafeMutableBufferPointer { peaks in
          let flood = Forest(width: width, height: height, depth: depth, roots: roots, peaks: peaks)
          flood.joinDeep(below: band)
          try Task.checkCancellation()
          try flood.joinShallow(upTo: band)
          flood.flatten()
        }
      }
    }
  }

  /// Basins as trees of pixels.
  private struct Forest {
    let width: Int
    let height: Int
    let depth: UnsafeBufferPointer<UInt16>
    let roots: UnsafeMutableBufferPointer<UInt32>
    /// The greatest depth of each root's basin.
    let peaks: UnsafeMutableBufferPointer<UInt16>

    @inline(__always)
    func root(of pixel: Int) -> Int {
      var pixel = pixel
      while true {
        let parent = Int(roots[pixel])
        if parent == pixel { return pixel }
        roots[pixel] = roots[parent]
        pixel = parent
      }
    }

    @inline(__always)
    @discardableResult
    func join(_ a: Int, _ b: Int) -> Int {
      // The first pixel is the root, so that the order of joining does not show.
      let (first, second) = a < b ? (a, b) : (b, a)
      roots[second] = UInt32(first)
      peaks[first] = max(peaks[first], peaks[second])
      return first
    }

    /// Joins everything that is deeper than any gap.
    func joinDeep(below band: Int) {
      for y in 0..<height {
        for x in 0..<width {
          let pixel = y * width + x
          guard Int(depth[pixel]) > band else { continue }
          let left = x > 0 && Int(depth[pixel - 1]) > band ? root(of: pixel - 1) : -1
          if y > 0, Int(depth[pixel - width]) > band {
            roots[pixel] = roots[pixel - width]
            let above = root(of: pixel - width)
            if left >= 0, left != above { join(left, above) }
            peaks[above] = max(peaks[above], depth[pixel])
          } else if left >= 0 {
            roots[pixel] = UInt32(left)
          } else {
            roots[pixel] = UInt32(pixel)
          }
          let own = root(of: pixel)
          peaks[own] = max(peaks[own], depth[pixel])
        }
      }
    }

    /// Takes in the rest from deep to shallow, and decides at every pass.
    func joinShallow(upTo band: Int) throws {
      let order = sorted(upTo: band)
      for (index, entry) in order.enumerated() {
        if index & 0xFFFFF == 0 { try Task.checkCancellation() }
        takeIn(Int(entry))
      }
    }

    @inline(__always)
    private func takeIn(_ pixel: Int) {
      let (x, y) = (pixel % width, pixel / width)
      var found = (-1, -1, -1, -1)
      var count = 0
      var deepest = (root: -1, depth: UInt16(0))
      @inline(__always)
      func look(_ neighbor: Int) {
        guard roots[neighbor] != BasinFlood.none else { return }
        let other = root(of: neighbor)
        if depth[neighbor] > deepest.depth { deepest = (other, depth[neighbor]) }
        if other == found.0 || other == found.1 || other == found.2 { return }
        switch count {
        case 0: found.0 = other
        case 1: found.1 = other
        case 2: found.2 = other
        default: found.3 = other
        }
        count += 1
      }
      if y > 0 { look(pixel - width) }
      if x > 0 { look(pixel - 1) }
      if x < width - 1 { look(pixel + 1) }
      if y < height - 1 { look(pixel + width) }
      guard count > 0 else {
        roots[pixel] = UInt32(pixel)
        return
      }
      roots[pixel] = UInt32(deepest.root)
      guard count > 1 else { return }
      let list = [found.0, found.1, found.2, found.3].prefix(count)
      for (index, first) in list.enumerated() {
        for second in list.dropFirst(index + 1) {
          let (a, b) = (root(of: first), root(of: second))
          if a != b, !isGap(depth[pixel], peaks[a], peaks[b]) { join(a, b) }
        }
      }
    }

    @inline(__always)
    private func isGap(_ pass: UInt16, _ first: UInt16, _ second: UInt16) -> Bool {
      Double(min(first, second)) > Double(pass) * BasinFlood.widening + BasinFlood.slack * Double(DistanceField.unit)
    }

    /// The pixels of depths 1 ... `band`, the deepest first, and in the order of the rows at the same depth.
    private func sorted(upTo band: Int) -> [UInt32] {
      var starts = [Int](repeating: 0, count: band + 2)
      for value in depth where value > 0 && Int(value) <= band { starts[Int(value)] += 1 }
      var total = 0
      for value in stride(from: band, through: 0, by: -1) {
        let size = starts[value]
        starts[value] = total
        total += size
      }
      return [UInt32](unsafeUninitializedCapacity: total) { order, count in
        starts.withUnsafeMutableBufferPointer { starts in
          for pixel in 0..<depth.count {
            let value = Int(depth[pixel])
            guard value > 0, value <= band else { continue }
            order[starts[value]] = UInt32(pixel)
            starts[value] += 1
          }
        }
        count = total
      }
    }

    /// Lets every pixel name its root.
    func flatten() {
      for pixel in 0..<roots.count where roots[pixel] != BasinFlood.none {
        roots[pixel] = UInt32(root(of: pixel))
      }
    }
  }
}
