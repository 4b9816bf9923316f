// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A loop over several strided views of one shape, with axes merged where all views allow it.
struct LoopNest {
  private(set) var extents: [Int]
  /// `[view][axis]`
  private(set) var strides: [[Int]]
  /// What the outer axes that a kernel cannot take have added to each view's position.
  private(set) var offsets: [Int]

  init(_ views: [View]) {
    let merged = View.merged(views)
    extents = merged[0].shape.extents
    strides = merged.map(\.strides)
    offsets = views.map { _ in 0 }
  }

  var elementCount: Int { extents.reduce(1, *) }

  /// Whether two neighbours along the last axis, from an even one on, lie side by side from an even index on in every
  /// view.
  ///
  /// - Parameter positions: where each view begins.
  func hasPairs(from positions: [Int]) -> Bool {
    guard let last = extents.last, last % 2 == 0 else { return false }
    return zip(strides, positions).allSatisfy { strides, position in
      strides.last == 1 && position % 2 == 0 && strides.dropLast().allSatisfy { $0 % 2 == 0 }
    }
  }

  /// Calls `body` with loops of at most `rank` axes that cover this one.
  func forEach(rank: Int, _ body: (LoopNest) throws -> Void) rethrows {
    guard extents.count > rank else { return try body(self) }
    var inner = self
    inner.extents.removeFirst()
    for k in strides.indices { inner.strides[k].removeFirst() }
    for index in 0..<extents[0] {
      for k in strides.indices { inner.offsets[k] = offsets[k] + index * strides[k][0] }
      try inner.forEach(rank: rank, body)
    }
  }
}
