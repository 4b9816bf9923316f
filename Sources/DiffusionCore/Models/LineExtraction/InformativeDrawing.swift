// SPDX-License-Identifier: Apache-2.0

/// The generator of “Learning to generate line drawings that convey geometry and semantics” (Chan, Durand and Isola
/// 2022; MIT licence): two halvings, residual blocks, two doublings.
public struct InformativeDrawing: Sendable {
  static let epsilon: Float = 1e-5

  /// What both sides of a picture must be multiples of; below ``minimumSide`` there is nothing to mirror at its borders.
  public static let sizeMultiple = 4
  /// The least side of a picture.
  public static let minimumSide = 8

  /// `model0.1`
  let first: ReflectedConvolution
  /// `model1.0`, `model1.3`
  let down: [Conv2d]
  /// `model2.N.conv_block.1` and `.5`
  let blocks: [(first: ReflectedConvolution, second: ReflectedConvolution)]
  /// `model3.0`, `model3.3`
  let up: [TransposedConv2d]
  /// `model4.1`
  let last: ReflectedConvolution

  /// Loads the network.
  ///
  /// - Parameter blocks: how many residual blocks there are; the published networks have three.
  public init(_ p: Parameters, blocks: Int = 3) throws {
    func reflected(_ p: Parameters, _ inputs: Int, _ outputs: Int, kernel: Int) throws -> ReflectedConvolution {
      ReflectedConvolution(
        try Conv2d(p, inputs: inputs, outputs: outputs, kernel: kernel, geometry: ConvolutionGeometry()))
    }
    first = try reflected(p["model0"][1], 3, 64, kernel: 7)
    let halving = ConvolutionGeometry(stride: 2, padding: 1)
    down = [
      try Conv2d(p["model1"][0], inputs: 64, outputs: 128, geometry: halving),
      try Conv2d(p["model1"][3], inputs: 128, outputs: 256, geometry: halving),
    ]
    self.blocks = try (0..<blocks).map { index in
      let block = p["model2"][index]["conv_block"]
      return (
        first: try reflected(block[1], 256, 256, kernel: 3), second: try reflected(block[5], 256, 256, kernel: 3)
      )
    }
    let doubling = TransposedConvolutionGeometry(stride: 2, padding: 1, outputPadding: 1)
    up = [
      try TransposedConv2d(p["model3"][0], inputs: 256, outputs: 128, kernel: (3, 3), geometry: doubling),
      try TransposedConv2d(p["model3"][3], inputs: 128, outputs: 64, kernel: (3, 3), geometry: doubling),
    ]
    last = try reflected(p["model4"][1], 64, 1, kernel: 7)
  }

  /// `[B, H, W, 3]` to `[B, H, W, 1]` in 0...1: lines low, paper 1. Sides are multiples of ``sizeMultiple`` and not below
  /// ``minimumSide``. The scale of the input hardly matters, as the first convolution's result is normalised.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    var counter = BlockProgress(of: 2 + down.count + blocks.count + up.count, progress)
    func normed(_ y: Tensor, activation: Activation = .relu) throws -> Tensor {
      try y.instanceNorm(epsilon: Self.epsilon, activation: activation)
    }
    try counter.next()
    var y = try normed(first(x))
    for convolution in down {
      try counter.next()
      y = try normed(convolution(y))
    }
    for block in blocks {
      try counter.next()
      y = try y + normed(block.second(normed(block.first(y))), activation: .none)
    }
    for convolution in up {
      try counter.next()
      y = try normed(convolution(y))
    }
    try counter.next()
    return try last(y).sigmoid()
  }
}
