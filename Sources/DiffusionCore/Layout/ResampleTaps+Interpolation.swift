// SPDX-License-Identifier: Apache-2.0

/// How an image is resized, by the conventions of PyTorch's `interpolate`.
public enum Interpolation: Sendable, Hashable {
  /// The pixel whose area the result's corner lies in.
  case nearest
  /// Between two pixels along each axis.
  ///
  /// - alignsCorners: whether the centres of the corner pixels lie upon each other, instead of the outer edges.
  case bilinear(alignsCorners: Bool)
  /// The mean of all pixels that a result's area touches.
  case area
  /// Between four pixels along each axis (Keys 1981, a = -0.75).
  ///
  /// - alignsCorners: whether the centres of the corner pixels lie upon each other, instead of the outer edges.
  case bicubic(alignsCorners: Bool)
}

extension ResampleTaps {
  /// The taps of an interpolation along one axis.
  ///
  /// - Precondition: there are inputs, or no outputs.
  public static func interpolating(from input: Int, to output: Int, by interpolation: Interpolation) -> ResampleTaps {
    switch interpolation {
    case .nearest: nearest(from: input, to: output)
    case .bilinear(let aligns): bilinear(from: input, to: output, alignCorners: aligns)
    case .area: area(from: input, to: output)
    case .bicubic(let aligns): bicubic(from: input, to: output, alignCorners: aligns)
    }
  }

  /// For each output one input: the one at `floor(o * in / out)`, in single precision as PyTorch's.
  public static func nearest(from input: Int, to output: Int) -> ResampleTaps {
    let scale = Float(input) / Float(output)
    let indices = (0..<output).map { Int32(Swift.min(Int((Float($0) * scale).rounded(.down)), input - 1)) }
    return ResampleTaps(
      inputExtent: input, outputExtent: output, width: 1, indices: indices,
      weights: [Float](repeating: 1, count: output))
  }

  /// For each output the two inputs that it lies between. Before the first and behind the last it is that one.
  ///
  /// - Parameter alignCorners: maps the centres of the corner pixels onto each other, instead of the outer edges.
  public static func bilinear(from input: Int, to output: Int, alignCorners: Bool = false) -> ResampleTaps {
    let scale =
      alignCorners
      ? (output > 1 ? Double(input - 1) / Double(output - 1) : 0) : Double(input) / Double(Swift.max(output, 1))
    var indices: [Int32] = []
    var weights: [Float] = []
    for o in 0..<output {
      let position = alignCorners ? scale * Double(o) : Swift.max(scale * (Double(o) + 0.5) - 0.5, 0)
      let first = Swift.min(Int(position.rounded(.down)), input - 1)
      let share = Swift.min(position - Double(first), 1)
      indices += [Int32(first), Int32(Swift.min(first + 1, input - 1))]
      weights += [Float(1 - share), Float(share)]
    }
    return ResampleTaps(inputExtent: input, outputExtent: output, width: 2, indices: indices, weights: weights)
  }

  /// For each output the mean of the inputs `floor(o * in / out) ..< ceil((o + 1) * in / out)`: PyTorch's `area`, and
  /// its adaptive average pooling.
  public static func area(from input: Int, to output: Int) -> ResampleTaps {
    let windows = (0..<output).map { $0 * input / output..<(($0 + 1) * input).dividedRoundingUp(by: output) }
    let width = windows.map(\.count).max() ?? 1
    return ResampleTaps(
      inputExtent: input, outputExtent: output, width: width,
      indices: windows.flatMap { window in
        (0..<width).map { Int32(window.lowerBound + ($0 < window.count ? $0 : 0)) }
      },
      weights: windows.flatMap { window in (0..<width).map { $0 < window.count ? 1 / Float(window.count) : 0 } })
  }
}
