import DiffusionCore

/// One evaluation of the full-size U-Net: plain, guided, and guided with split cross-attention.
func benchmarkUNet(_ timer: Timer, size: Int, dtype: DType) throws {
  let configuration = ModelConfiguration.v1_5
  let backend = timer.backend
  let unet = try UNet(
    Parameters(RandomParameters(backend: backend, dtype: dtype)), configuration: configuration.unet,
    lora: configuration.lora, normGroups: configuration.normGroups)
  let side = size / 8
  let tokens = try Tensor(repeating: 0.1, shape: [1, 256, configuration.unet.contextWidth], on: backend)
  let mask = try Tensor(
    (0..<side * side).map { $0 % side < side / 2 ? 1 : 0 }, shape: [1, side, side, 1], on: backend)
  let whole = ReferenceContext(whole: tokens)
  let split = ReferenceContext(
    foreground: tokens, background: tokens, mask: mask, maskThreshold: 0.5, useForegroundLoRA: true,
    useBackgroundLoRA: true)
  let control = AttentionControl(
    referenceScales: [Float](repeating: 1, count: configuration.unet.transformerBlockCount))
  // GFLOP at 512 x 512, scaled by area: attention grows faster, which the rate then flatters.
  let area = Double(size * size) / Double(512 * 512)
  func step(_ name: String, rows: Int, _ context: ReferenceContext, gigaflop: Double) throws {
    let x = try Tensor(repeating: 0.5, shape: [rows, side, side, 4], on: backend)
    let hints = try zip([0, 1, 2, 3, 3], [320, 320, 640, 1280, 1280]).map { level, channels in
      try Tensor(repeating: 0, shape: [rows, side >> level, side >> level, channels], on: backend)
    }
    let prepared = try unet.prepare(context)
    try timer.time(name, gigaflop: gigaflop * area) {
      try unet(x, timestep: 500, context: prepared, hints: hints, control: control)
    }
  }
  try step("U-Net, batch 1, vanilla", rows: 1, whole, gigaflop: 822)
  try step("U-Net, batch 2 (guided), vanilla", rows: 2, whole, gigaflop: 1643)
  try step("U-Net, batch 2 (guided), split", rows: 2, split, gigaflop: 1767)
}

/// The other parts of a job.
func benchmarkParts(_ timer: Timer, size: Int, dtype: DType) throws {
  let configuration = ModelConfiguration.v1_5
  let backend = timer.backend
  let parameters = Parameters(RandomParameters(backend: backend, dtype: dtype))
  let area = Double(size * size) / Double(512 * 512)
  let image = try Tensor(repeating: 0.3, shape: [1, size, size, 3], on: backend)
  do {
    let tower = try OpenCLIPVisionTower(parameters, configuration: configuration.imageEncoder)
    try timer.time("image encoder", gigaflop: 335) { try tower(image) }
  }
  do {
    let encoder = try SketchEncoder(parameters, configuration: configuration.sketchEncoder)
    try timer.time("sketch encoder", gigaflop: 30 * area) { try encoder(image)[0] }
  }
  do {
    let recovery = try RecoveryTransformer(parameters, configuration: configuration.recovery)
    let tokens = try Tensor(repeating: 0.1, shape: [1, 256, 1024], on: backend)
    try timer.time("recovery transformer", gigaflop: 40) { try recovery(tokens) }
  }
  do {
    let encoder = try VAEEncoder(
      parameters, configuration: configuration.vae, normGroups: configuration.normGroups)
    try timer.time("VAE encode", gigaflop: 1117 * area) { try encoder(image).mean }
  }
  let decoder = try VAEDecoder(parameters, configuration: configuration.vae, normGroups: configuration.normGroups)
  let latent = try Tensor(repeating: 0.5, shape: [1, size / 8, size / 8, 4], on: backend)
  try timer.time("VAE decode", gigaflop: 2515 * area) { try decoder(latent) }
}
