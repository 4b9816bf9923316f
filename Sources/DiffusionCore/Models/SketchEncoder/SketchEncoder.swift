// SPDX-License-Identifier: Apache-2.0

/// The size of the sketch encoder.
public struct SketchEncoderConfiguration: Sendable, Hashable, Codable {
  /// Channels of the drawing.
  public var inChannels: Int
  /// Channels of the first hint: the U-Net's.
  public var modelChannels: Int
  /// The following hints' channels as multiples of ``modelChannels``: the U-Net's.
  public var channelMultipliers: [Int]

  enum CodingKeys: String, CodingKey {
    case inChannels = "in_ch"
    case modelChannels = "model_channels"
    case channelMultipliers = "ch_mults"
  }

  /// A sketch encoder of the given sizes.
  public init(inChannels: Int, modelChannels: Int, channelMultipliers: [Int]) {
    self.inChannels = inChannels
    self.modelChannels = modelChannels
    self.channelMultipliers = channelMultipliers
  }
}

/// Turns line art into the features that are added inside the U-Net. Keys below `control_encoder`.
public struct SketchEncoder: Sendable {
  /// `model.{0, 2, ..., 14}`: eight convolutions that shrink the drawing by 8, SiLU between them
  let stem: [Conv2d]
  /// `zero_layer.0`
  let firstHint: Linear
  /// `output_blocks.i.1` and `output_blocks.i.3`, and `zero_blocks.i.0`
  let levels: [(down: Conv2d, conv: Conv2d, hint: Linear)]

  /// Loads the encoder.
  public init(_ p: Parameters, configuration c: SketchEncoderConfiguration) throws {
    let widths = [16, 16, 32, 32, 96, 96, 256]
    var channels = c.inChannels
    var stem: [Conv2d] = []
    for (index, width) in widths.enumerated() {
      let halves = [2, 4, 6].contains(index)
      stem.append(
        try Conv2d(
          p["model"][2 * index], inputs: channels, outputs: width,
          geometry: ConvolutionGeometry(stride: halves ? 2 : 1, padding: 1)))
      channels = width
    }
    stem.append(try Conv2d(p["model"][14], inputs: channels, outputs: c.modelChannels))
    self.stem = stem
    channels = c.modelChannels
    firstHint = try Linear(pointwise: p["zero_layer"][0], inputs: channels, outputs: channels)
    let last = c.channelMultipliers.count - 1
    levels = try c.channelMultipliers.enumerated().map { level, multiplier in
      let width = c.modelChannels * multiplier
      defer { channels = width }
      let geometry = ConvolutionGeometry(stride: level == last ? 1 : 2, padding: 1)
      return (
        down: try Conv2d(p["output_blocks"][level][1], inputs: channels, outputs: width, geometry: geometry),
        conv: try Conv2d(p["output_blocks"][level][3], inputs: width, outputs: width),
        hint: try Linear(pointwise: p["zero_blocks"][level][0], inputs: width, outputs: width)
      )
    }
  }

  /// The hints, finest first.
  ///
  /// - Parameter sketch: `[B, H, W, 3]`, lines +1 on paper -1; sides are multiples of ``ModelConfiguration/sizeMultiple``.
  /// - Returns: levels + 1 tensors: `[B, H/8, W/8, C]`, then one for each level.
  public func callAsFunction(_ sketch: Tensor) throws -> [Tensor] {
    var x = sketch
    for (index, conv) in stem.enumerated() {
      x = try conv(x, activation: index == stem.count - 1 ? .none : .silu)
    }
    var hints = [try firstHint(x)]
    for level in levels {
      x = try level.conv(level.down(x.silu(), activation: .silu))
      hints.append(try level.hint(x))
    }
    return hints
  }
}
