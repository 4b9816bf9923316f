// SPDX-License-Identifier: Apache-2.0

/// What a pooling makes of the elements of a window.
public enum Pooling: Sendable, Hashable {
  /// The largest; not a number if one of them is none.
  case max
  /// The mean. What lies in the padding is no element; `countsPadding` lets it count as zeros, as PyTorch's
  /// `count_include_pad` does.
  case average(countsPadding: Bool)
}

/// The windows of a two-dimensional pooling, by PyTorch's rules.
public struct PoolingGeometry: Sendable, Hashable {
  /// The rows of a window, at least 1.
  public let kernelHeight: Int
  /// The columns of a window, at least 1.
  public let kernelWidth: Int
  /// The step between windows, at least 1.
  public let stride: Int
  /// What is added on all sides, at most half of a window.
  public let padding: Int
  /// Whether a window that begins within the image but ends beyond it counts (`ceil_mode`).
  public let roundsUp: Bool

  /// Square windows.
  ///
  /// - Parameters:
  ///   - stride: nil for windows side by side.
  ///   - roundsUp: whether a window that begins within the image but ends beyond it counts.
  public init(kernel: Int, stride: Int? = nil, padding: Int = 0, roundsUp: Bool = false) {
    self.init(
      kernelHeight: kernel, kernelWidth: kernel, stride: stride ?? kernel, padding: padding, roundsUp: roundsUp)
  }

  /// Windows of any extents.
  public init(kernelHeight: Int, kernelWidth: Int, stride: Int, padding: Int = 0, roundsUp: Bool = false) {
    precondition(kernelHeight > 0 && kernelWidth > 0 && stride > 0, "windows of no extent, or none apart")
    precondition(
      padding >= 0 && 2 * padding <= min(kernelHeight, kernelWidth),
      "padding of \(padding) around windows of \(kernelHeight) x \(kernelWidth)")
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    self.roundsUp = roundsUp
  }

  /// The output extent for an input extent and a window's extent, 0 if no window fits.
  public func outputExtent(input: Int, kernel: Int) -> Int {
    let room = input + 2 * padding - kernel
    guard input > 0, room >= 0 || roundsUp && room > -stride else { return 0 }
    let count = (roundsUp ? max(0, room).dividedRoundingUp(by: stride) : room / stride) + 1
    // The last window begins within the image or the padding before it.
    return roundsUp && (count - 1) * stride >= input + padding ? count - 1 : count
  }

  /// `[B, H, W, C]` to `[B, H', W', C]`.
  public func outputShape(_ input: Shape) -> Shape {
    [
      input[0], outputExtent(input: input[1], kernel: kernelHeight),
      outputExtent(input: input[2], kernel: kernelWidth), input[3],
    ]
  }

  /// The positions of the image that a window covers along one axis.
  package func window(_ output: Int, input: Int, kernel: Int) -> Range<Int> {
    let start = output * stride - padding
    return max(start, 0)..<min(start + kernel, input)
  }

  /// An average along one axis as taps; over both axes it is one after the other.
  package func averageTaps(input: Int, kernel: Int, countsPadding: Bool) -> ResampleTaps {
    let output = outputExtent(input: input, kernel: kernel)
    var indices: [Int32] = []
    var weights: [Float] = []
    for o in 0..<output {
      let window = window(o, input: input, kernel: kernel)
      let start = o * stride - padding
      // Padding counts as far as it reaches; what a window that is rounded up to has beyond it does not.
      let count = countsPadding ? min(start + kernel, input + padding) - start : window.count
      for tap in 0..<kernel {
        let isInside = tap < window.count
        indices.append(Int32(window.lowerBound + (isInside ? tap : 0)))
        weights.append(isInside ? 1 / Float(count) : 0)
      }
    }
    return ResampleTaps(
      inputExtent: input, outputExtent: output, width: kernel, indices: indices, weights: weights)
  }
}
