// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Bicubic resampling on the host, one axis at a time, in 32-bit floats, by ``ResampleTaps/picture(from:to:)``.
///
/// The order of the sums is fixed, so the result is the same on every run.
struct Resampler {
  private let columns: ResampleTaps
  private let rows: ResampleTaps

  init(from source: (width: Int, height: Int), to target: (width: Int, height: Int)) {
    columns = .picture(from: source.width, to: target.width)
    rows = .picture(from: source.height, to: target.height)
  }

  /// Resamples row by row.
  ///
  /// Only one row of floats is held, because a plane of floats for the largest image would take a gigabyte.
  ///
  /// - Parameters:
  ///   - channels: Interleaved samples of a pixel.
  ///   - read: Fills a row of `sourceWidth * channels` floats with a source row.
  ///   - emit: Takes the finished rows, from the top, as `targetWidth * channels` floats.
  func run(
    channels: Int,
    read: (_ row: Int, _ into: inout [Float]) -> Void,
    emit: (_ row: Int, _ values: [Float]) -> Void
  ) {
    var source = [Float](repeating: 0, count: columns.inputExtent * channels)
    var sum = source
    var result = [Float](repeating: 0, count: columns.outputExtent * channels)
    for y in 0..<rows.outputExtent {
      for index in sum.indices { sum[index] = 0 }
      for tap in y * rows.width..<(y + 1) * rows.width where rows.weights[tap] != 0 {
        read(Int(rows.indices[tap]), &source)
        Self.accumulate(source, times: rows.weights[tap], into: &sum)
      }
      shrinkRow(sum, channels: channels, into: &result)
      emit(y, result)
    }
  }

  private static func accumulate(_ source: [Float], times weight: Float, into sum: inout [Float]) {
    source.withUnsafeBufferPointer { source in
      sum.withUnsafeMutableBufferPointer { sum in
        for index in 0..<sum.count { sum[index] += source[index] * weight }
      }
    }
  }

  private func shrinkRow(_ row: [Float], channels: Int, into result: inout [Float]) {
    let (width, indices, weights) = (columns.width, columns.indices, columns.weights)
    row.withUnsafeBufferPointer { row in
      result.withUnsafeMutableBufferPointer { result in
        for x in 0..<columns.outputExtent {
          for channel in 0..<channels {
            var value: Float = 0
            for tap in x * width..<(x + 1) * width {
              value += row[Int(indices[tap]) * channels + channel] * weights[tap]
            }
            result[x * channels + channel] = value
          }
        }
      }
    }
  }
}
