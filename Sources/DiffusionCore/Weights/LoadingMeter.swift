// SPDX-License-Identifier: Apache-2.0

/// Called now and then while a model is read, with the share that is done, 0...1. Throwing ends the reading.
public typealias LoadProgress = @Sendable (_ share: Double) throws -> Void

/// Counts the bytes that were read of a checkpoint, and keeps few of its pages in memory.
final class LoadingMeter: Sendable {
  /// How many bytes are read between two reports.
  private static let interval = 64 << 20

  private let total: Int
  private let files: [any WeightFile]
  private let progress: LoadProgress
  private let read = Locked<Int>(0)

  init(total: Int, files: [any WeightFile], progress: @escaping LoadProgress) {
    self.total = max(total, 1)
    self.files = files
    self.progress = progress
  }

  /// Notes that a parameter was read.
  func add(_ byteCount: Int) throws {
    let after = read.mutate { read in
      read += byteCount
      return read
    }
    let before = after - byteCount
    guard before / Self.interval != after / Self.interval else { return }
    for file in files { file.releasePages() }
    try progress(min(Double(after) / Double(total), 1))
  }
}
