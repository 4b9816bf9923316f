// SPDX-License-Identifier: Apache-2.0

/// The U-Net of sketchKeras (Zhang 2017; Apache-2.0 licence), which draws the lines of a painting from its high-pass, one
/// colour channel at a time.
public struct SketchKeras: Sendable {
  static let epsilon: Float = 1e-3
  private static let widths = [32, 64, 128, 256]

  /// What both sides of a picture must be multiples of; below ``minimumSide`` there is nothing to mirror at its borders.
  public static let sizeMultiple = 16
  /// The least side of a picture.
  public static let minimumSide = 32

  /// `downblock_1` ... `downblock_4`: convolutions `1` and, but for the first, `5`, with the norms `2` and `6` behind them
  let down: [[ReflectedConvolution]]
  /// `downblock_5.1`, with the norm `2` behind it
  let fifth: ReflectedConvolution
  /// `downblock_6.1`, with the norm `2` behind it
  let sixth: ReflectedConvolution
  /// `upblock_1` ... `upblock_4`: convolutions `2` and `6`, with the norms `3` and `7` behind them
  let up: [(first: DoublingConvolution, second: ReflectedConvolution)]
  /// `last_conv`
  let last: ReflectedConvolution

  /// Loads the network.
  public init(_ p: Parameters) throws {
    func folded(
      _ p: Parameters, _ index: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1
    ) throws
      -> Conv2d
    {
      let convolution = try Conv2d(
        p[index], inputs: inputs, outputs: outputs, kernel: kernel,
        geometry: ConvolutionGeometry(stride: stride))
      let norm = try BatchNorm(p[index + 1], channels: outputs, epsilon: Self.epsilon)
      return try norm.folded(into: convolution)
    }
    func normed(
      _ p: Parameters, _ index: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1
    ) throws
      -> ReflectedConvolution
    {
      ReflectedConvolution(try folded(p, index, inputs, outputs, kernel: kernel, stride: stride))
    }
    let widths = Self.widths
    down = try widths.indices.map { level in
      let block = p["downblock_\(level + 1)"]
      guard level > 0 else { return [try normed(block, 1, 1, widths[0])] }
      return [
        try normed(block, 1, widths[level - 1], widths[level], kernel: 4, stride: 2),
        try normed(block, 5, widths[level], widths[level]),
      ]
    }
    fifth = try normed(p["downblock_5"], 1, 256, 512, kernel: 4, stride: 2)
    sixth = try normed(p["downblock_6"], 1, 512, 512)
    up = try [(1024, 512, 256), (512, 256, 128), (256, 128, 64), (128, 64, 32)].enumerated().map {
      index, sizes in
      let block = p["upblock_\(index + 1)"]
      return (
        first: try DoublingConvolution(folded(block, 2, sizes.0, sizes.1, kernel: 4), padding: 1),
        second: try normed(block, 6, sizes.1, sizes.2)
      )
    }
    last = ReflectedConvolution(
      try Conv2d(p["last_conv"], inputs: 64, outputs: 1, geometry: ConvolutionGeometry()))
  }

  /// `[B, H, W, 1]`, the high-pass of a channel divided by its largest value, to `[B, H, W, 1]`: lines high, paper about 0.
  /// Sides are multiples of ``sizeMultiple`` and not below ``minimumSide``.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws
    -> Tensor
  {
    var counter = BlockProgress(of: down.count + 1 + up.count, progress)
    var skips: [Tensor] = []
    var y = x
    for block in down {
      try counter.next()
      for convolution in block { y = try convolution(y, activation: .relu) }
      skips.append(y)
    }
    try counter.next()
    y = try fifth(y, activation: .relu)
    y = try Tensor.concatenate([y, sixth(y, activation: .relu)], axis: 3)
    for block in up {
      try counter.next()
      y = try block.first(y, activation: .relu)
      y = try Tensor.concatenate([skips.removeLast(), block.second(y, activation: .relu)], axis: 3)
    }
    try counter.next()
    return try last(y)
  }
}
