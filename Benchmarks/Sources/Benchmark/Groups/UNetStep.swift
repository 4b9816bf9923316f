// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// One evaluation of the U-Net: plain, guided, and guided with split cross-attention.
///
/// Keys and values of the context are made before, as for all steps of a job.
func measureUNet(_ bench: Bench) throws {
  do {
    let networks = try bench.twin { try UNetFixture(bench, $0) }
    for step in UNetStep.all where bench.settings.wants(step.name) {
      let inputs = try networks.map { try $0.inputs(of: step, pixels: bench.settings.pixels) }
      try bench.measure(
        step.name,
        peer: PeerWork(
          "unet", ["size": bench.settings.pixels, "rows": step.rows, "active": 1, "split": step.isSplit ? 1 : 0]),
        on: inputs
      ) { try $0() }
    }
  }
  // The network is made anew on the backend that watches; two of them need not be there at a time.
  bench.backend.releaseCachedMemory()
  guard let last = UNetStep.all.last else { return }
  try bench.profile(last.name) {
    try UNetFixture(bench, $0).inputs(of: last, pixels: bench.settings.pixels)
  } _: {
    try $0()
  }
}

/// A kind of step.
struct UNetStep {
  let name: String
  let rows: Int
  let isSplit: Bool

  static let all = [
    UNetStep(name: "step, batch 1, vanilla", rows: 1, isSplit: false),
    UNetStep(name: "step, batch 2 (guided), vanilla", rows: 2, isSplit: false),
    UNetStep(name: "step, batch 2 (guided), split, both LoRA", rows: 2, isSplit: true),
  ]
}

/// The U-Net and what its steps start from.
struct UNetFixture {
  let source: RandomParameters
  let unet: UNet
  let configuration: ModelConfiguration

  init(_ bench: Bench, _ backend: any Backend) throws {
    configuration = bench.configuration
    source = try RandomParameters(backend: backend, dtype: bench.settings.weights)
    unet = try UNet(
      Parameters(source), configuration: configuration.unet, lora: configuration.lora,
      normGroups: configuration.normGroups)
  }

  /// A step, ready to run, for a picture whose sides are `pixels` long.
  func inputs(of step: UNetStep, pixels: Int) throws -> () throws -> Tensor {
    let side = pixels / configuration.latentFactor
    let tokens = try source.activations(
      [1, configuration.imageEncoder.tokenCount, configuration.unet.contextWidth])
    let mask = try Tensor(
      (0..<side * side).map { $0 % side < side / 2 ? 1 : 0 }, shape: [1, side, side, 1], on: source.backend)
    let context =
      step.isSplit
      ? ReferenceContext(
        foreground: tokens, background: tokens, mask: mask, maskThreshold: 0.5, useForegroundLoRA: true,
        useBackgroundLoRA: true) : ReferenceContext(whole: tokens)
    let prepared = try unet.prepare(context)
    let x = try source.activations([step.rows, side, side, configuration.unet.inChannels])
    let base = configuration.unet.modelChannels
    let multipliers = configuration.unet.channelMultipliers
    // The finest hint, one after each downsampler, and one more at the coarsest level.
    var shapes = [(level: 0, channels: base)]
    for (level, multiplier) in multipliers.enumerated() {
      shapes.append((min(level + 1, multipliers.count - 1), base * multiplier))
    }
    let hints = try shapes.map { try source.activations([step.rows, side >> $0.level, side >> $0.level, $0.channels]) }
    let control = AttentionControl(
      referenceScales: [Float](repeating: 1, count: configuration.unet.transformerBlockCount))
    return { [unet] in try unet(x, timestep: 500, context: prepared, hints: hints, control: control) }
  }
}
