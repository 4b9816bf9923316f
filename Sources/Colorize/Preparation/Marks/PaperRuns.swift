// SPDX-License-Identifier: Apache-2.0

/// Pixels of a drawing that are to become paper, in runs along rows, each of one colour.
struct PaperRuns: Hashable, Sendable {
  private struct Run: Hashable {
    var row: Int32
    var start: Int32
    var end: Int32
    var color: SIMD3<UInt8>
  }

  private var runs: [Run] = []

  var isEmpty: Bool { runs.isEmpty }
  var count: Int { runs.count }

  /// - Parameter color: red, green and blue; of grey drawings the first counts.
  mutating func append(row: Int, from start: Int, to end: Int, _ color: (UInt8, UInt8, UInt8)) {
    guard start < end else { return }
    runs.append(
      Run(row: Int32(row), start: Int32(start), end: Int32(end), color: SIMD3(color.0, color.1, color.2)))
  }

  mutating func append(_ others: PaperRuns) { runs += others.runs }

  /// - Parameter pixels: of a grey or RGB picture.
  func apply(to pixels: inout [UInt8], width: Int, channels: Int) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      for run in runs {
        let row = Int(run.row) * width
        for x in Int(run.start)..<Int(run.end) {
          for channel in 0..<channels { pixels[(row + x) * channels + channel] = run.color[channel] }
        }
      }
    }
  }
}
