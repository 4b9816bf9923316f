// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Work on the rows of a picture, in bands that run side by side.
///
/// What is computed must not depend on where the bands part, so that a result is the same on any number of processors.
enum ParallelRows {
  /// Calls `body` for bands of rows that cover `0 ..< height`, and waits for all.
  ///
  /// - Parameter width: Pixels in a row: small pictures are not worth a second thread.
  static func forEach(height: Int, width: Int, _ body: (_ rows: Range<Int>) -> Void) {
    let band = max(16, min(256, (1 << 18) / max(width, 1)))
    forEachPiece((height + band - 1) / band) { index in
      body(index * band..<min(height, (index + 1) * band))
    }
  }

  /// Calls `body` for `0 ..< count`, in any order, and waits for all.
  static func forEachPiece(_ count: Int, _ body: (_ index: Int) -> Void) {
    guard count > 1 else {
      if count == 1 { body(0) }
      return
    }
    // The pieces write to disjoint memory and the call returns only when all are done, which the compiler cannot see.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: count) { body($0) }
  }

  /// The results of independent pieces of work, in order.
  static func all<R: Sendable>(_ count: Int, _ work: (_ index: Int) -> R) -> [R] {
    var results = [R?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      forEachPiece(count) { results[$0] = work($0) }
    }
    return results.compactMap { $0 }
  }
}
