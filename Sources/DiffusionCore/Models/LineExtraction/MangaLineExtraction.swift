// SPDX-License-Identifier: Apache-2.0

/// The network of “Deep Extraction of Manga Structural Lines” (Li, Liu and Wong 2017; MIT licence), which leaves out
/// screentones: a U-Net of residual blocks whose skips are added.
public struct MangaLineExtraction: Sendable {
  /// How a group of blocks changes the size of the picture.
  private enum Change {
    case none
    /// The last block halves it.
    case down
    /// The first block doubles it.
    case up
  }

  private static let groups: [(width: Int, count: Int, change: Change)] = [
    (24, 2, .none), (48, 3, .down), (96, 5, .down), (192, 7, .down), (384, 12, .down), (192, 7, .up), (96, 5, .up),
    (48, 3, .up), (24, 2, .up), (16, 2, .none),
  ]
  static let slope: Float = 0.2
  static let epsilon: Float = 1e-3

  /// What both sides of a picture must be multiples of.
  public static let sizeMultiple = 16

  /// `block0` ... `block9`
  let groups: [[Block]]
  /// `conv15.model.0`
  let lastNorm: BatchNorm
  /// `conv15.model.2`
  let last: Conv2d

  /// Loads the network.
  public init(_ p: Parameters) throws {
    var channels = 1
    var groups: [[Block]] = []
    for (number, group) in Self.groups.enumerated() {
      var blocks: [Block] = []
      for index in 0..<group.count {
        let halves = group.change == .down && index == group.count - 1
        blocks.append(
          try Block(
            p["block\(number)"]["model"][index], inputs: channels, outputs: group.width, stride: halves ? 2 : 1,
            doubles: group.change == .up && index == 0))
        channels = group.width
      }
      groups.append(blocks)
    }
    self.groups = groups
    lastNorm = try BatchNorm(p["conv15"]["model"][0], channels: channels, epsilon: Self.epsilon)
    last = try Conv2d(p["conv15"]["model"][2], inputs: channels, outputs: 1, kernel: 1)
  }

  /// `[B, H, W, 1]` in 0...255 to `[B, H, W, 1]` about 0...255, not clamped: lines low, paper high. Sides are multiples of
  /// ``sizeMultiple``.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    var counter = BlockProgress(of: groups.joined().count, progress)
    // The outputs of the first four groups, which come back after the sixth to the ninth.
    var skips: [Tensor] = []
    var y = x
    for (number, blocks) in groups.enumerated() {
      for block in blocks {
        try counter.next()
        y = try block(y)
      }
      if number < 4 { skips.append(y) }
      if (5...8).contains(number) { y = try y + skips.removeLast() }
    }
    try counter.next()
    return try last(lastNorm(y).leakyReLU(slope: Self.slope))
  }

  /// A pre-activated residual block (He et al. 2016): twice norm, leaky ReLU and convolution, plus the input.
  struct Block: Sendable {
    /// `conv1.model.0`
    let norm: BatchNorm
    /// `conv1.model.2`, with the norm `residual.model.0` behind it
    let first: Conv2d
    /// `residual.model.2`
    let second: Conv2d
    /// `shortcut.model.0`, where width or size changes
    let shortcut: Conv2d?
    let doubles: Bool

    init(_ p: Parameters, inputs: Int, outputs: Int, stride: Int, doubles: Bool) throws {
      norm = try BatchNorm(p["conv1"]["model"][0], channels: inputs, epsilon: epsilon)
      let convolution = try Conv2d(
        p["conv1"]["model"][2], inputs: inputs, outputs: outputs,
        geometry: ConvolutionGeometry(stride: stride, padding: 1))
      // Nothing but the second norm sees what the first convolution gives, and doubling pixels changes nothing about it.
      first = try BatchNorm(p["residual"]["model"][0], channels: outputs, epsilon: epsilon).folded(into: convolution)
      second = try Conv2d(
        p["residual"]["model"][2], inputs: outputs, outputs: outputs,
        geometry: ConvolutionGeometry(padding: 1, upsampling: doubles ? 2 : 1))
      shortcut =
        inputs == outputs && stride == 1
        ? nil
        : try Conv2d(
          p["shortcut"]["model"][0], inputs: inputs, outputs: outputs, kernel: 1,
          geometry: ConvolutionGeometry(stride: stride))
      self.doubles = doubles
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      var added = try shortcut?(x) ?? x
      if doubles {
        added = try added.resized(height: 2 * added.shape[1], width: 2 * added.shape[2], by: .nearest)
      }
      let inner = try first(norm(x).leakyReLU(slope: slope)).leakyReLU(slope: slope)
      return try second(inner, residual: added)
    }
  }
}
