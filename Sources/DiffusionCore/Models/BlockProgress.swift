// SPDX-License-Identifier: Apache-2.0

/// Told, while a network works on a picture, what share of its blocks is done, 0...1. What it throws ends the work.
public typealias NetworkProgress = (_ share: Double) throws -> Void

/// Counts the blocks of a network that runs once, where each takes a moment: looks for cancellation before each, and tells.
struct BlockProgress {
  private let total: Int
  private var begun = 0
  private let tell: NetworkProgress

  /// - Parameter total: how many blocks there are.
  init(of total: Int, _ tell: @escaping NetworkProgress) {
    self.total = total
    self.tell = tell
  }

  /// A block begins, or the last is done.
  mutating func next() throws {
    try Task.checkCancellation()
    try tell(min(Double(begun) / Double(max(total, 1)), 1))
    begun += 1
  }
}
