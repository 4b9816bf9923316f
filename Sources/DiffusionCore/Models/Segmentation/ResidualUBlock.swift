// SPDX-License-Identifier: Apache-2.0

/// A U-Net as one block of a larger one, with its input added to its result: U²-Net's RSU (Qin et al. 2020).
struct ResidualUBlock: Sendable {
  /// `rebnconvin`
  let input: Conv2d
  /// `rebnconv1`, `rebnconv2`, ...
  let down: [Conv2d]
  /// `rebnconv1d`, `rebnconv2d`, ...
  let up: [Conv2d]
  /// Whether levels widen their view by dilation, and not by pooling.
  let isDilated: Bool

  /// A block of `depth` levels, the last of which is not pooled; or the one of four levels that pools nothing.
  ///
  /// - Parameters:
  ///   - inputs: channels of the image.
  ///   - middle: channels within the block.
  ///   - outputs: channels of the result.
  init(_ p: Parameters, depth: Int, inputs: Int, middle: Int, outputs: Int, isDilated: Bool = false) throws {
    /// A convolution whose norm stands behind it.
    func normed(_ name: String, _ inputs: Int, _ outputs: Int, dilation: Int = 1) throws -> Conv2d {
      let convolution = try Conv2d(
        p[name]["conv_s1"], inputs: inputs, outputs: outputs,
        geometry: ConvolutionGeometry(padding: dilation, dilation: dilation))
      return try BatchNorm(p[name]["bn_s1"], channels: outputs).folded(into: convolution)
    }
    func dilation(_ level: Int) -> Int { isDilated ? 1 << level : level == depth - 1 ? 2 : 1 }
    input = try normed("rebnconvin", inputs, outputs)
    down = try (0..<depth).map { level in
      try normed("rebnconv\(level + 1)", level == 0 ? outputs : middle, middle, dilation: dilation(level))
    }
    up = try (0..<depth - 1).map { level in
      try normed(
        "rebnconv\(level + 1)d", 2 * middle, level == 0 ? outputs : middle, dilation: isDilated ? 1 << level : 1)
    }
    self.isDilated = isDilated
  }

  /// `[B, H, W, inputs]` to `[B, H, W, outputs]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let start = try input(x, activation: .relu)
    var levels: [Tensor] = []
    var y = start
    for (index, convolution) in down.enumerated() {
      let pools = !isDilated && index > 0 && index < down.count - 1
      y = try convolution(pools ? y.halved() : y, activation: .relu)
      if index < down.count - 1 { levels.append(y) }
    }
    for (index, convolution) in up.enumerated().reversed() {
      y = try convolution(
        y.fitted(beside: levels.removeLast()), activation: .relu, residual: index == 0 ? start : nil)
    }
    return y
  }
}

extension Tensor {
  /// The largest of each two by two pixels; a last row or column alone counts as well.
  func halved() throws -> Tensor { try maxPooled(PoolingGeometry(kernel: 2, roundsUp: true)) }

  /// This image at the size of another, and the other, along the channels.
  func fitted(beside other: Tensor) throws -> Tensor {
    let (height, width) = (other.shape[1], other.shape[2])
    let fitted =
      shape[1] == height && shape[2] == width
      ? self : try resized(height: height, width: width, by: .bilinear(alignsCorners: false))
    return try Tensor.concatenate([fitted, other], axis: 3)
  }
}
