// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A loop nest over several strided views of one shape, with axes merged where all views allow it.
struct StridedLoop {
  private(set) var extents: [Int]
  /// `[array][axis]`
  private(set) var strides: [[Int]]

  init(_ views: [View]) {
    let merged = View.merged(views)
    extents = merged[0].shape.extents
    strides = merged.map(\.strides)
  }

  /// Splits the longest axis into runs of about 32 Ki elements and calls `body` with each part's loop and offsets.
  func forEachPart(on threads: ThreadPool, _ body: (_ loop: ck_loop, _ offsets: [Int]) -> Void) {
    let total = extents.reduce(1, *)
    guard total > 0 else { return }
    if extents.count > Int(ck_max_rank) {
      // More axes than the kernels take: the outermost is walked here.
      var inner = self
      inner.extents.removeFirst()
      for k in strides.indices { inner.strides[k].removeFirst() }
      for index in 0..<extents[0] {
        inner.forEachPart(on: threads) { loop, offsets in
          body(loop, zip(offsets, strides).map { $0 + $1[0] * index })
        }
      }
      return
    }
    let axis = extents.indices.max { extents[$0] < extents[$1] } ?? 0
    let grain = max(1, min(extents[axis], (32 << 10) * extents[axis] / total))
    threads.forEachRun(of: extents[axis], grain: grain) { range in
      var part = self
      part.extents[axis] = range.count
      body(part.cLoop, strides.map { $0[axis] * range.lowerBound })
    }
  }

  private var cLoop: ck_loop {
    var loop = ck_loop()
    loop.rank = Int64(extents.count)
    withUnsafeMutableBytes(of: &loop.extents) { bytes in
      let target = bytes.bindMemory(to: Int64.self)
      for (axis, extent) in extents.enumerated() { target[axis] = Int64(extent) }
    }
    withUnsafeMutableBytes(of: &loop.strides) { bytes in
      let target = bytes.bindMemory(to: Int64.self)
      for (k, row) in strides.enumerated() {
        for (axis, stride) in row.enumerated() { target[k * Int(ck_max_rank) + axis] = Int64(stride) }
      }
    }
    return loop
  }
}
