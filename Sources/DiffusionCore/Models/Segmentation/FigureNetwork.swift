// SPDX-License-Identifier: Apache-2.0

/// A small U-Net that tells the figure of a picture from its ground: the one that `Colorize` brings along.
///
/// Its norms are folded into its convolutions. `Sources/CFigureModel/recipe` trains it.
public struct FigureNetwork: Sendable {
  /// The square that it works on, in pixels a side.
  public static let side = 256
  /// Red, green and blue in -1...1, and 1 for a drawing or 0 for a coloured picture.
  public static let inputChannels = 4
  /// The side of its result.
  public static let outputSide = 128

  private static let widths = [16, 32, 48, 64, 96]

  /// `stem`
  let stem: Conv2d
  /// `down.LEVEL.0`, `down.LEVEL.1`
  let down: [[Conv2d]]
  /// `up.LEVEL.0`, `up.LEVEL.1`
  let up: [[Conv2d]]
  /// `out`
  let out: Conv2d

  /// Loads the network.
  public init(_ p: Parameters) throws {
    let widths = Self.widths
    stem = try Conv2d(
      p["stem"], inputs: Self.inputChannels, outputs: widths[0], kernel: 4, geometry: ConvolutionGeometry(stride: 4))
    func pair(_ name: String, _ level: Int, _ inputs: Int) throws -> [Conv2d] {
      let p = p[name]["\(level)"]
      return [
        try Conv2d(p["0"], inputs: inputs, outputs: widths[level]),
        try Conv2d(p["1"], inputs: widths[level], outputs: widths[level]),
      ]
    }
    down = try widths.indices.map { try pair("down", $0, $0 == 0 ? widths[0] : widths[$0 - 1]) }
    up = try widths.indices.dropLast().map { try pair("up", $0, widths[$0 + 1] + widths[$0]) }
    out = try Conv2d(p["out"], inputs: widths[0], outputs: 4)
  }

  /// `[B, 256, 256, 4]` to `[B, 128, 128, 1]`: the logarithm of the odds that a place belongs to the figure.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    var y = try stem(x, activation: .relu)
    var levels: [Tensor] = []
    for (level, pair) in down.enumerated() {
      if level > 0 { y = try y.maxPooled(PoolingGeometry(kernel: 2)) }
      for convolution in pair { y = try convolution(y, activation: .relu) }
      levels.append(y)
    }
    levels.removeLast()
    for pair in up.reversed() {
      let beside = levels.removeLast()
      let doubled = try y.resized(height: beside.shape[1], width: beside.shape[2], by: .nearest)
      y = try Tensor.concatenate([doubled, beside], axis: 3)
      for convolution in pair { y = try convolution(y, activation: .relu) }
    }
    y = try out(y)
    // Each place has a result for each quarter of it.
    let (batch, height, width) = (y.shape[0], y.shape[1], y.shape[2])
    return try y.reshaped([batch, height, width, 2, 2]).transposed(0, 1, 3, 2, 4)
      .reshaped([batch, 2 * height, 2 * width, 1])
  }
}
