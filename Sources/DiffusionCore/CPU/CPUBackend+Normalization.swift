// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  public func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    let width = x.shape[x.shape.rank - 1]
    guard x.shape.elementCount > 0 else { return }
    let (input, scales, offsets) = (try floats(x), try floats(gamma), try floats(beta))
    let (source, g, b) = (floatAddress(input), floatAddress(scales), floatAddress(offsets))
    try withFloats(out) { target in
      forEachRowRun(rows: x.shape.elementCount / width, width: width) { rows in
        let start = rows.lowerBound * width
        kernels.pointer.pointee.layer_norm_rows(
          target + start, source + start, g, b, epsilon, Int64(rows.count), Int64(width))
      }
    }
    withExtendedLifetime((input, scales, offsets)) {}
  }

  public func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    let (batch, rows, channels) = (x.shape[0], x.shape[1], x.shape[2])
    guard x.shape.elementCount > 0 else { return }
    let (input, scales, offsets) = (try floats(x), try floats(gamma), try floats(beta))
    guard computes else { return try withFloats(out) { _ in } }
    let source = floatAddress(input)
    let table = kernels.pointer.pointee

    // Pass 1: the mean and deviation of each group.
    let statistics = groupStatistics(
      source, batch: batch, rows: rows, channels: channels, groups: groups, epsilon: epsilon)
    let grain = max(64, (64 << 10) / channels)
    let runs = rows.dividedRoundingUp(by: grain)
    let width = channels / groups
    var factors = [Float](repeating: 0, count: 2 * batch * channels)
    let (g, b) = (floatAddress(scales), floatAddress(offsets))
    for sample in 0..<batch {
      for group in 0..<groups {
        let (mean, inverse) = statistics[sample * groups + group]
        for channel in group * width..<(group + 1) * width {
          let scale = inverse * Double(g[channel])
          factors[2 * sample * channels + channel] = Float(scale)
          factors[(2 * sample + 1) * channels + channel] = Float(Double(b[channel]) - mean * scale)
        }
      }
    }

    // Pass 2: one multiply-add and the activation.
    try withFloats(out) { target in
      factors.withUnsafeBufferPointer { factors in
        guard let f = factors.baseAddress else { return }
        threads.forEach(batch * runs) { piece, _ in
          let (sample, first) = (piece / runs, piece % runs * grain)
          let start = (sample * rows + first) * channels
          table.scale_channels(
            target + start, source + start, f + 2 * sample * channels, f + (2 * sample + 1) * channels, activation.code,
            Int64(min(grain, rows - first)), Int64(channels))
        }
      }
    }
    withExtendedLifetime((input, scales, offsets)) {}
  }

  /// Of each sample's groups of channels of `x [B, N, C]` the mean, and 1 over the deviation.
  func groupStatistics(
    _ source: UnsafePointer<Float>, batch: Int, rows: Int, channels: Int, groups: Int, epsilon: Float
  ) -> [(mean: Double, inverse: Double)] {
    let table = kernels.pointer.pointee
    // Moments of each channel about a typical element, which keeps E[x^2] - E[x]^2 from cancelling; in runs of rows
    // whose partial sums are added in order, whoever computed them.
    let shifts = typicalRows(source, batch: batch, rows: rows, channels: channels)
    let grain = max(64, (64 << 10) / channels)
    let runs = rows.dividedRoundingUp(by: grain)
    var sums = [Double](repeating: 0, count: batch * runs * channels)
    var squares = sums
    sums.withUnsafeMutableBufferPointer { sums in
      squares.withUnsafeMutableBufferPointer { squares in
        shifts.withUnsafeBufferPointer { shifts in
          guard let s = sums.baseAddress, let q = squares.baseAddress, let shift = shifts.baseAddress else { return }
          threads.forEach(batch * runs) { piece, _ in
            let (sample, first) = (piece / runs, piece % runs * grain)
            table.channel_moments(
              s + piece * channels, q + piece * channels, source + (sample * rows + first) * channels,
              shift + sample * channels, Int64(min(grain, rows - first)), Int64(channels))
          }
        }
      }
    }
    let width = channels / groups
    var statistics: [(mean: Double, inverse: Double)] = []
    for sample in 0..<batch {
      for group in 0..<groups {
        let members = group * width..<(group + 1) * width
        // Chan et al.'s parallel variance: the group's from the channels' means and squares.
        var mean = 0.0
        var within = 0.0
        var means: [Double] = []
        for channel in members {
          var (sum, square) = (0.0, 0.0)
          for run in 0..<runs {
            sum += sums[(sample * runs + run) * channels + channel]
            square += squares[(sample * runs + run) * channels + channel]
          }
          means.append(Double(shifts[sample * channels + channel]) + sum / Double(rows))
          within += square - sum * sum / Double(rows)
        }
        mean = means.reduce(0, +) / Double(width)
        let between = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        let variance = max(0, within / Double(rows * width)) + between
        statistics.append((mean, 1 / (variance + Double(epsilon)).squareRoot()))
      }
    }
    return statistics
  }
}

extension CPUBackend {
  /// For each channel the median of three elements, `[B, C]`: near the mean even where one of them is an outlier, as a
  /// corner pixel may be.
  private func typicalRows(_ x: UnsafePointer<Float>, batch: Int, rows: Int, channels: Int) -> [Float] {
    (0..<batch * channels).map { index in
      let sample = x + index / channels * rows * channels + index % channels
      let (a, b, c) = (sample[0], sample[rows / 2 * channels], sample[(rows - 1) * channels])
      return max(min(a, b), min(max(a, b), c))
    }
  }
}

extension Activation {
  var code: Int32 { Int32(kernelNumber) }
}
