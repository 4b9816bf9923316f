// SPDX-License-Identifier: Apache-2.0

/// Stretches of zero bytes in a tensor, long enough to be a hole that a download has left.
package enum ZeroRuns {
  /// Bytes between two places that are looked at, a page: what reads a file anyway pays next to nothing for it.
  private static let step = 4096
  /// The least hole: eleven channels of a convolution that died in training stay below it, and no download's part does.
  static let leastHole = 64 << 10

  /// The runs that reach one of the places looked at, in order, and those at the tensor's two ends, however short.
  package static func runs(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
    guard bytes.count >= 2 else { return [] }
    var runs: [Range<Int>] = []
    var position = 0
    while position < bytes.count {
      if bytes[position] == 0, isZero(bytes, at: position) {
        let run = extent(bytes, around: position)
        if run.count >= 16 || run.lowerBound == 0 { runs.append(run) }
        position = max(run.upperBound, position + 1)
        position += (step - position % step) % step
      } else {
        position += step
      }
    }
    let last = bytes.count - 1
    if bytes[last] == 0, isZero(bytes, at: last), runs.last?.upperBound != bytes.count {
      runs.append(extent(bytes, around: last))
    }
    return runs
  }

  /// Whether the sixteen bytes there, or as many as there are, are zero.
  private static func isZero(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
    let start = min(position, max(0, bytes.count - 16))
    return (start..<min(start + 16, bytes.count)).allSatisfy { bytes[$0] == 0 }
  }

  private static func extent(_ bytes: UnsafeRawBufferPointer, around position: Int) -> Range<Int> {
    var lower = min(position, max(0, bytes.count - 16))
    while lower > 0, bytes[lower - 1] == 0 { lower -= 1 }
    var upper = position + 1
    // By words, since a hole may be gigabytes.
    while upper + 8 <= bytes.count, bytes.loadUnaligned(fromByteOffset: upper, as: UInt64.self) == 0 { upper += 8 }
    while upper < bytes.count, bytes[upper] == 0 { upper += 1 }
    return lower..<upper
  }
}

/// The zero runs of a file's tensors, put together to holes.
struct HoleFinder {
  private struct Piece {
    let key: String
    /// In the file's data.
    let tensor: Range<Int>
    let run: Range<Int>
  }

  private var pieces: [String: [Piece]] = [:]

  /// Notes the runs of a tensor.
  mutating func note(_ runs: [Range<Int>], of key: String, in file: String, at tensor: Range<Int>) {
    for run in runs {
      pieces[file, default: []].append(
        Piece(
          key: key, tensor: tensor,
          run: tensor.lowerBound + run.lowerBound..<tensor.lowerBound + run.upperBound))
    }
  }

  /// Runs of at least ``ZeroRuns/leastHole`` bytes that begin or end within a tensor, or cover many: a tensor that is
  /// zero from its first to its last number was made so.
  var holes: [LoadReport.Hole] {
    pieces.sorted { $0.key < $1.key }.flatMap { file, pieces in
      var groups: [[Piece]] = []
      for piece in pieces.sorted(by: { $0.run.lowerBound < $1.run.lowerBound }) {
        // Between two tensors there is nothing in a file.
        if let last = groups.last?.last, last.run.upperBound == piece.run.lowerBound {
          groups[groups.count - 1].append(piece)
        } else {
          groups.append([piece])
        }
      }
      return groups.compactMap { group -> LoadReport.Hole? in
        guard let first = group.first, let last = group.last else { return nil }
        let count = last.run.upperBound - first.run.lowerBound
        let isWithin =
          first.run.lowerBound > first.tensor.lowerBound
          || last.run.upperBound < last.tensor.upperBound
        guard count >= ZeroRuns.leastHole, isWithin || group.count > 8 else { return nil }
        return LoadReport.Hole(
          key: first.key, lastKey: last.key, tensorCount: group.count, offset: first.run.lowerBound,
          byteCount: count,
          file: file)
      }
    }
  }
}
