// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  public func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput out: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    let (batch, rows, channels) = (x.shape[0], x.shape[1], x.shape[2])
    guard x.shape.elementCount > 0 else { return }
    let (input, scales, offsets, upstream) = (
      try floats(x), try floats(gamma), try floats(beta), try floats(gradient)
    )
    let source = floatAddress(input)
    guard computes else {
      try withFloats(out) { _ in }
      for destination in [toGamma, toBeta] { if let destination { try withFloats(destination) { _ in } } }
      return
    }
    let table = kernels.pointer.pointee
    let statistics = groupStatistics(
      source, batch: batch, rows: rows, channels: channels, groups: groups, epsilon: epsilon)
    let (g, b) = (floatAddress(scales), floatAddress(offsets))
    // For each sample and channel: scale and offset of the norm, and the group's mean.
    var (scale, offset, mean) = (
      [Float](repeating: 0, count: batch * channels), [Float](repeating: 0, count: batch * channels),
      [Float](repeating: 0, count: batch * channels)
    )
    let width = channels / groups
    for index in 0..<batch * channels {
      let (sample, channel) = (index / channels, index % channels)
      let group = statistics[sample * groups + channel / width]
      let factor = group.inverse * Double(g[channel])
      scale[index] = Float(factor)
      offset[index] = Float(Double(b[channel]) - group.mean * factor)
      mean[index] = Float(group.mean)
    }
    let grain = max(64, (64 << 10) / channels)
    let runs = rows.dividedRoundingUp(by: grain)
    var plain = [Double](repeating: 0, count: batch * runs * channels)
    var weighted = plain
    let d = floatAddress(upstream)
    try withFloats(out) { target in
      plain.withUnsafeMutableBufferPointer { plain in
        weighted.withUnsafeMutableBufferPointer { weighted in
          withAddresses(scale, offset, mean) { scale, offset, mean in
            guard let s = plain.baseAddress, let w = weighted.baseAddress else { return }
            threads.forEach(batch * runs) { piece, _ in
              let (sample, first) = (piece / runs, piece % runs * grain)
              let start = (sample * rows + first) * channels
              table.norm_slope_sums(
                s + piece * channels, w + piece * channels, target + start, d + start, source + start,
                scale + sample * channels, offset + sample * channels, mean + sample * channels, activation.code,
                Int64(min(grain, rows - first)), Int64(channels))
            }
          }
        }
      }
      // dx = inverse (gamma dy - mean(gamma dy) - normed mean(gamma dy normed)), the means over the group.
      var (factor, slope, shift) = (scale, scale, scale)
      var (gammaSums, betaSums) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
      let count = Double(rows * width)
      for sample in 0..<batch {
        for group in 0..<groups {
          let own = statistics[sample * groups + group]
          var (first, second) = (0.0, 0.0)
          for channel in group * width..<(group + 1) * width {
            var (sum, product) = (0.0, 0.0)
            for run in 0..<runs {
              sum += plain[(sample * runs + run) * channels + channel]
              product += weighted[(sample * runs + run) * channels + channel]
            }
            // The kernel subtracts the mean as a float; what that lacks is put back.
            product -= (own.mean - Double(Float(own.mean))) * sum
            product *= own.inverse
            betaSums[channel] += sum
            gammaSums[channel] += product
            first += Double(g[channel]) * sum
            second += Double(g[channel]) * product
          }
          for channel in group * width..<(group + 1) * width {
            let index = sample * channels + channel
            // One element alone is its own mean, whatever it is.
            if count == 1 {
              (factor[index], slope[index], shift[index]) = (0, 0, 0)
              continue
            }
            factor[index] = Float(own.inverse * Double(g[channel]))
            slope[index] = Float(-own.inverse * own.inverse * second / count)
            shift[index] = Float(-own.inverse * first / count)
          }
        }
      }
      withAddresses(mean, factor, slope) { mean, factor, slope in
        shift.withUnsafeBufferPointer { shift in
          guard let shift = shift.baseAddress else { return }
          threads.forEach(batch * runs) { piece, _ in
            let (sample, first) = (piece / runs, piece % runs * grain)
            let start = (sample * rows + first) * channels
            table.norm_slopes(
              target + start, source + start, mean + sample * channels, factor + sample * channels,
              slope + sample * channels, shift + sample * channels, Int64(min(grain, rows - first)), Int64(channels))
          }
        }
      }
      for (sums, destination) in [(gammaSums, toGamma), (betaSums, toBeta)] {
        guard let destination else { continue }
        try withFloats(destination) { target in for channel in 0..<channels { target[channel] = Float(sums[channel]) } }
      }
    }
    withExtendedLifetime((input, scales, offsets, upstream)) {}
  }

  private func withAddresses(
    _ a: [Float], _ b: [Float], _ c: [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          body(a, b, c)
        }
      }
    }
  }
}
