// SPDX-License-Identifier: Apache-2.0

/// A convolution of an image that is doubled bicubically and mirrored at its borders before.
///
/// Doubling and mirroring are the same for every channel, and so may come after the sums over channels: each tap of the
/// kernel is a product at the small size, of a quarter of the pixels. What is left is to double these and to add them up
/// where the kernel's taps lie, along one axis after the other, by tables of taps.
package struct DoublingConvolution: Sendable {
  /// `[kh, kw * O, I]`
  private let taps: Tensor
  private let bias: Tensor?
  /// Rows and columns of the kernel, and its outputs.
  private let kernel: (height: Int, width: Int, outputs: Int)
  /// Pixels that are mirrored above and to the left; below and to the right what keeps the doubled size.
  private let padding: Int

  /// - Parameter convolution: of any kernel; its geometry does not count.
  package init(_ convolution: Conv2d, padding: Int) throws {
    let weight = convolution.weight
    kernel = (weight.shape[1], weight.shape[2], weight.shape[0])
    taps = try weight.transposed(1, 2, 0, 3).contiguous()
      .reshaped([kernel.height, kernel.width * kernel.outputs, weight.shape[3]])
    bias = convolution.bias
    self.padding = padding
  }

  /// `activation(conv(doubled x) + bias)`: `[B, H, W, in]` to `[B, 2H, 2W, out]`.
  package func callAsFunction(_ x: Tensor, activation: Activation = .none) throws -> Tensor {
    let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let (pixels, sums) = (height * width, kernel.width * kernel.outputs)
    let products = try x.result([batch, kernel.height * height, width, sums]) { out in
      for sample in 0..<batch {
        let image = try x.sliced(axis: 0, sample..<sample + 1).reshaped([pixels, x.shape[3]])
        for row in 0..<kernel.height {
          let place = View(
            contiguous: [pixels, sums],
            offset: out.view.offset + (sample * kernel.height + row) * pixels * sums)
          let weight = try taps.sliced(axis: 0, row..<row + 1).reshaped([sums, x.shape[3]])
          try x.backend.linear(
            image.operand, weight: weight.operand, bias: nil, activation: .none, residual: nil,
            to: out.with(place))
        }
      }
    }
    // Rows of the kernel stand above each other; its columns beside each other, pixel by pixel.
    let down = table(extent: height, kernel: kernel.height) { tap, index in tap * height + index }
    let across = table(extent: width, kernel: kernel.width) { tap, index in
      index * kernel.width + tap
    }
    let rows = try products.resampled(axis: 1, taps: down)
      .reshaped([batch, 2 * height, width * kernel.width, kernel.outputs])
    let summed = try rows.resampled(axis: 2, taps: across)
    return try (bias.map { try summed + $0 } ?? summed).activated(activation)
  }

  /// For each position of the doubled image, the taps of all of the kernel's.
  ///
  /// - Parameter place: where a tap of the kernel stands for a position of the image.
  private func table(extent: Int, kernel: Int, place: (_ tap: Int, _ index: Int) -> Int)
    -> ResampleTaps
  {
    let doubled = ResampleTaps.bicubic(from: extent, to: 2 * extent)
      .padded(before: padding, after: kernel - 1 - padding, mode: .reflect)
    var (indices, weights): ([Int32], [Float]) = ([], [])
    for output in 0..<2 * extent {
      for tap in 0..<kernel {
        for entry in (output + tap) * doubled.width..<(output + tap + 1) * doubled.width {
          indices.append(Int32(place(tap, Int(doubled.indices[entry]))))
          weights.append(doubled.weights[entry])
        }
      }
    }
    return ResampleTaps(
      inputExtent: kernel * extent, outputExtent: 2 * extent, width: kernel * doubled.width,
      indices: indices,
      weights: weights)
  }
}
