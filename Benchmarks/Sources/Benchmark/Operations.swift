import DiffusionCore

/// The operations that a step is made of, at the network's own shapes.
func benchmarkOperations(_ timer: Timer, size: Int) throws {
  let backend = timer.backend
  let latent = size / 8
  func tensor(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor {
    try Tensor(repeating: 0.01, shape: shape, dtype: dtype, on: backend)
  }

  for (channels, level) in [(320, 0), (640, 1), (1280, 2), (1280, 3)] {
    let side = latent >> level
    let x = try tensor([1, side, side, channels])
    let weight = try tensor([channels, 3, 3, channels])
    let flop = 2 * Double(side * side) * 9 * Double(channels * channels) / 1e9
    try timer.time("conv 3x3, \(channels) ch, \(side)x\(side)", gigaflop: flop) {
      try x.convolution(weight: weight, geometry: ConvolutionGeometry(padding: 1))
    }
  }
  for (channels, factor) in [(128, 1), (256, 2), (512, 4)] {
    let side = size / factor
    let x = try tensor([1, side, side, channels])
    let weight = try tensor([channels, 3, 3, channels])
    let flop = 2 * Double(side * side) * 9 * Double(channels * channels) / 1e9
    try timer.time("conv 3x3, \(channels) ch, \(side)x\(side) (VAE)", gigaflop: flop) {
      try x.convolution(weight: weight, geometry: ConvolutionGeometry(padding: 1))
    }
  }
  for (channels, level) in [(320, 0), (640, 1), (1280, 2)] {
    let tokens = (latent >> level) * (latent >> level)
    let x = try tensor([1, tokens, channels])
    let heads = channels / 64
    try timer.time(
      "self-attention, \(heads) x \(tokens)^2", gigaflop: 4 * Double(tokens * tokens * channels) / 1e9
    ) { try Tensor.attention(x, x, x, heads: heads) }
    let context = try tensor([1, 256, channels])
    try timer.time("cross-attention, \(heads) x \(tokens) x 256", gigaflop: 4 * Double(tokens * 256 * channels) / 1e9) {
      try Tensor.attention(x, context, context, heads: heads)
    }
    let weight = try tensor([channels, channels], .f16)
    try timer.time("linear f16, \(tokens) x \(channels)^2", gigaflop: 2 * Double(tokens * channels * channels) / 1e9) {
      try x.linear(weight: weight)
    }
    let gate = try tensor([8 * channels, channels], .f16)
    let bias = try tensor([8 * channels])
    try timer.time(
      "gated linear f16, \(tokens) x \(channels) x \(8 * channels)",
      gigaflop: 16 * Double(tokens * channels * channels) / 1e9
    ) { try x.gatedLinear(weight: gate, bias: bias) }
    let image = try x.reshaped([1, latent >> level, latent >> level, channels])
    let one = try tensor([channels])
    try timer.time("group norm + SiLU, \(channels) ch, \(latent >> level)^2", gigaflop: 0) {
      try image.groupNorm(groups: 32, gamma: one, beta: one, epsilon: 1e-5, activation: .silu)
    }
    try timer.time("layer norm, \(tokens) x \(channels)", gigaflop: 0) {
      try x.layerNorm(gamma: one, beta: one, epsilon: 1e-5)
    }
  }
}
