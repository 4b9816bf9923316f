// SPDX-License-Identifier: Apache-2.0

/// The sizes of a ``PixToPixGenerator``.
public struct PixToPixConfiguration: Sendable, Hashable {
  /// Channels of the picture.
  public var inputs: Int
  /// Channels of the result.
  public var outputs: Int
  /// The channels of each level, the outermost first: as many halvings as there are, at least two.
  public var widths: [Int]

  /// A generator of given sizes.
  public init(inputs: Int = 3, outputs: Int = 1, widths: [Int]) {
    self.inputs = inputs
    self.outputs = outputs
    self.widths = widths
  }

  /// That of Anime2Sketch: eight levels, 54 million parameters.
  public static let anime2Sketch = PixToPixConfiguration(widths: [64, 128, 256, 512, 512, 512, 512, 512])

  /// The sizes that a file's shapes tell, nil if its keys are not those of such a network.
  ///
  /// - Parameter shape: the shape of a weight of the file.
  init?(shape: (String) -> [Int]?) {
    guard let first = shape("model.model.0.weight"), first.count == 4, let last = shape("model.model.3.weight"),
      last.count == 4
    else { return nil }
    (inputs, outputs, widths) = (first[1], last[1], [first[0]])
    var place = "model.model.1"
    // No picture has sides of more halvings.
    while widths.count < 14, let down = shape("\(place).model.1.weight"), down.count == 4 {
      widths.append(down[0])
      place += ".model.3"
    }
    let known = 1...(1 << 16)
    guard widths.count >= 2, ([inputs, outputs] + widths).allSatisfy(known.contains) else { return nil }
  }
}

/// The U-Net of pix2pix (Isola et al. 2017), as Anime2Sketch has it for lines of coloured pictures (MIT licence): every
/// level halves the picture and is nested in the one before.
public struct PixToPixGenerator: Sendable {
  /// One level: a convolution down, and a transposed one up.
  struct Level: Sendable {
    /// `model.1`; of the outermost level `model.model.0`
    let down: Conv2d
    /// `model.5`, of the innermost level `model.3`; of the outermost `model.model.3`
    let up: TransposedConv2d
  }

  /// `model.model`, then below `model.1` and `model.3` again and again
  let levels: [Level]
  /// What both sides of a picture must be multiples of.
  public let sizeMultiple: Int
  /// Channels of the picture.
  public let inputChannels: Int

  /// Loads the network.
  public init(_ p: Parameters, configuration c: PixToPixConfiguration) throws {
    precondition(c.widths.count >= 2, "\(c.widths.count) levels")
    func level(_ down: Parameters, _ up: Parameters, _ inputs: Int, _ width: Int, outputs: Int, isInnermost: Bool)
      throws
      -> Level
    {
      Level(
        down: try Conv2d(
          down, inputs: inputs, outputs: width, kernel: 4, geometry: ConvolutionGeometry(stride: 2, padding: 1)),
        up: try TransposedConv2d(
          up, inputs: isInnermost ? width : 2 * width, outputs: outputs, kernel: (4, 4),
          geometry: TransposedConvolutionGeometry(stride: 2, padding: 1)))
    }
    let root = p["model"]["model"]
    var levels = [try level(root[0], root[3], c.inputs, c.widths[0], outputs: c.outputs, isInnermost: false)]
    var place = root[1]
    for index in 1..<c.widths.count {
      let isInnermost = index == c.widths.count - 1
      let parts = place["model"]
      levels.append(
        try level(
          parts[1], parts[isInnermost ? 3 : 5], c.widths[index - 1], c.widths[index], outputs: c.widths[index - 1],
          isInnermost: isInnermost))
      place = parts[3]
    }
    self.levels = levels
    sizeMultiple = 1 << levels.count
    inputChannels = c.inputs
  }

  /// `[B, H, W, inputs]` in -1...1 to `[B, H, W, outputs]` in -1...1: lines low, paper +1. Sides are multiples of
  /// ``sizeMultiple``.
  public func callAsFunction(_ x: Tensor, progress: @escaping NetworkProgress = { _ in }) throws -> Tensor {
    var blocks = BlockProgress(of: 2 * levels.count, progress)
    var skips: [Tensor] = []
    var y = x
    for (index, level) in levels.enumerated() {
      try blocks.next()
      y = try level.down(index == 0 ? y : y.leakyReLU(slope: 0.2))
      if index > 0, index < levels.count - 1 { y = try y.instanceNorm(epsilon: 1e-5) }
      skips.append(y)
    }
    skips.removeLast()
    for (index, level) in levels.enumerated().reversed() {
      try blocks.next()
      y = try level.up(y.relu())
      if index > 0 { y = try Tensor.concatenate([skips.removeLast(), y.instanceNorm(epsilon: 1e-5)], axis: 3) }
    }
    try blocks.next()
    return try y.tanh()
  }
}
