// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Time and memory against the picture's size and the rows of a step, from half to three times the size given: the U-Net
/// with split cross-attention, and the VAE's way out as a job takes it, in tiles where the size asks for them.
func measureScaling(_ bench: Bench) throws {
  let configuration = bench.configuration
  let given = bench.settings.pixels
  // Sides that every level of the network can halve.
  let sizes = [1, 2, 3, 4, 6].map { max(1, given * $0 / 2 / 64) * 64 }
  do {
    let networks = try bench.twin { try UNetFixture(bench, $0) }
    for size in sizes {
      // As many rows as together have the area of the largest picture.
      for rows in [1, 2, 3, 4] where rows == 1 || rows * size * size <= 9 * given * given {
        let step = UNetStep(name: "step, \(size) x \(size), batch \(rows)", rows: rows, isSplit: true)
        let inputs = try networks.map { try $0.inputs(of: step, pixels: size) }
        try bench.measure(step.name, on: inputs) { try $0() }
        bench.backend.releaseCachedMemory()
      }
    }
  }
  bench.backend.releaseCachedMemory()
  let decoders = try bench.twin {
    let source = try RandomParameters(backend: $0, dtype: bench.settings.weights)
    return (
      source: source,
      decoder: try VAEDecoder(
        Parameters(source), configuration: configuration.vae, normGroups: configuration.normGroups)
    )
  }
  for size in sizes {
    let side = size / configuration.latentFactor
    let shape = Shape([1, side, side, configuration.vae.latentChannels])
    let latents = try decoders.map { ($0.decoder, try $0.source.activations(shape)) }
    try bench.measure("VAE decode, \(size) x \(size)", on: latents) { decoder, latent in
      try decoder(latent, tiling: .automatic)
    }
    bench.backend.releaseCachedMemory()
  }
}
