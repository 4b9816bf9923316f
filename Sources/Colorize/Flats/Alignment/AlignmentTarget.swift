// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A picture that drawings are aligned with, and what the search needs of it: made once, however many drawings there are.
final class AlignmentTarget: Sendable {
  /// What a first look sees of the picture through one map.
  struct Look: Sendable {
    let map: AffineMap
    let edges: EdgePlanes
    /// The edges' energy above and left of each pixel, with a row and a column of zeros before the first.
    let sums: [Float]

    init(_ map: AffineMap, edges: EdgePlanes) {
      self.map = map
      self.edges = edges
      let wide = edges.width + 1
      var sums = [Float](repeating: 0, count: wide * (edges.height + 1))
      for y in 0..<edges.height {
        var row: Float = 0
        for x in 0..<edges.width {
          let value = edges.values[y * edges.width + x]
          row += (value * value).sum()
          sums[(y + 1) * wide + x + 1] = sums[y * wide + x + 1] + row
        }
      }
      self.sums = sums
    }
  }

  /// The picture: three channels.
  let picture: Image
  private let cache = Locked<(pyramid: ColorPyramid?, looks: [AlignmentSearch.Reach: [Look]])>((nil, [:]))

  /// - Parameter picture: Transparency counts as white.
  init(_ picture: Image) { self.picture = picture.composited() }

  /// The picture at halved sizes.
  func pyramid() throws -> ColorPyramid {
    if let pyramid = cache.value.pyramid { return pyramid }
    let pyramid = try ColorPyramid(picture)
    cache.mutate { $0.pyramid = pyramid }
    return pyramid
  }

  /// What is seen through the maps that a search begins with. Those of a whole search take 8 MiB.
  func looks(_ reach: AlignmentSearch.Reach) throws -> [Look] {
    if let looks = cache.value.looks[reach] { return looks }
    let looks = AlignmentSearch.looks(try pyramid(), reach)
    cache.mutate { $0.looks[reach] = looks }
    return looks
  }
}
