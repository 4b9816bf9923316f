// SPDX-License-Identifier: Apache-2.0

extension ResampleTaps {
  /// The taps that pictures are scaled by: Catmull-Rom's kernel (Keys 1981, a = -0.5), pixel centres at half-integers.
  ///
  /// Where the axis shrinks, the kernel is stretched by the factor, which makes it a low-pass filter (antialias). Taps
  /// beyond the edge read the edge pixel, and the weights of a pixel add up to 1. (PyTorch's antialiased kernel, which
  /// ``bicubic(from:to:antialias:alignCorners:scale:)`` is, drops them instead.)
  package static func picture(from input: Int, to output: Int) -> ResampleTaps {
    guard input != output else {
      return ResampleTaps(
        inputExtent: input, outputExtent: output, width: 1, indices: (0..<Int32(output)).map { $0 },
        weights: [Float](repeating: 1, count: output))
    }
    let scale = Double(input) / Double(output)
    let stretch = max(scale, 1)
    // As many as have room between -2 and 2 of the stretched kernel, both ends included.
    let width = Int((4 * stretch).rounded(.down)) + 1
    var indices = [Int32](repeating: 0, count: output * width)
    var weights = [Float](repeating: 0, count: output * width)
    for position in 0..<output {
      let center = (Double(position) + 0.5) * scale - 0.5
      let first = Int((center - 2 * stretch).rounded(.up))
      let last = Int((center + 2 * stretch).rounded(.down))
      let raw = (first...last).map { keys((Double($0) - center) / stretch) }
      let sum = raw.reduce(0, +)
      for (tap, weight) in raw.enumerated() {
        indices[position * width + tap] = Int32(min(max(first + tap, 0), input - 1))
        weights[position * width + tap] = Float(weight / sum)
      }
    }
    return ResampleTaps(inputExtent: input, outputExtent: output, width: width, indices: indices, weights: weights)
  }

  /// Keys' cubic convolution kernel with a = -0.5.
  private static func keys(_ offset: Double) -> Double {
    let x = Swift.abs(offset)
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
    return 0
  }
}
