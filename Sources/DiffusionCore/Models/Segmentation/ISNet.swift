// SPDX-License-Identifier: Apache-2.0

/// IS-Net (“Highly Accurate Dichotomous Image Segmentation”, Qin et al. 2022; Apache-2.0 licence), with the weights of
/// anime-segmentation the figure of a drawing: a U-Net whose levels are U-Nets.
public struct ISNet: Sendable {
  /// Levels of a block, and channels that it takes, has within and gives.
  private typealias Sizes = (depth: Int, inputs: Int, middle: Int, outputs: Int)

  private static let down: [Sizes] = [
    (7, 64, 32, 64), (6, 64, 32, 128), (5, 128, 64, 256), (4, 256, 128, 512), (4, 512, 256, 512), (4, 512, 256, 512),
  ]
  private static let up: [Sizes] = [
    (7, 128, 16, 64), (6, 256, 32, 64), (5, 512, 64, 128), (4, 1024, 128, 256), (4, 1024, 256, 512),
  ]
  /// The results of coarser levels, which only training looks at.
  public static let unusedParts = (2...6).map {
    UnusedPart(prefix: "side\($0)", reason: "results of coarser levels, used in training only")
  }

  /// `conv_in`
  let first: Conv2d
  /// `stage1` ... `stage6`
  let down: [ResidualUBlock]
  /// `stage1d` ... `stage5d`
  let up: [ResidualUBlock]
  /// `side1`
  let side: Conv2d

  /// Loads the network.
  public init(_ p: Parameters) throws {
    first = try Conv2d(p["conv_in"], inputs: 3, outputs: 64, geometry: ConvolutionGeometry(stride: 2, padding: 1))
    func block(_ name: String, _ sizes: Sizes, isDilated: Bool) throws -> ResidualUBlock {
      try ResidualUBlock(
        p[name], depth: sizes.depth, inputs: sizes.inputs, middle: sizes.middle, outputs: sizes.outputs,
        isDilated: isDilated)
    }
    down = try Self.down.enumerated().map { try block("stage\($0 + 1)", $1, isDilated: $0 >= 4) }
    up = try Self.up.enumerated().map { try block("stage\($0 + 1)d", $1, isDilated: $0 >= 4) }
    side = try Conv2d(p["side1"], inputs: 64, outputs: 1)
  }

  /// `[B, H, W, 3]` of any size to `[B, H, W, 1]` in 0...1: how likely each pixel belongs to the figure.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    try logits(x, progress: progress)
      .resized(height: x.shape[1], width: x.shape[2], by: .bilinear(alignsCorners: false)).sigmoid()
  }

  /// `[B, H, W, 3]` to `[B, H/2, W/2, 1]`, rounded up.
  package func logits(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    var counter = BlockProgress(of: down.count + up.count, progress)
    var y = try first(x)
    var levels: [Tensor] = []
    for (index, block) in down.enumerated() {
      try counter.next()
      y = try block(index == 0 ? y : y.halved())
      levels.append(y)
    }
    levels.removeLast()
    for block in up.reversed() {
      try counter.next()
      y = try block(y.fitted(beside: levels.removeLast()))
    }
    try counter.next()
    return try side(y)
  }
}
