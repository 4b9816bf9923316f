// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The parts of a picture besides the steps. Each is made, measured and let go before the next.
func measureParts(_ bench: Bench) throws {
  let configuration = bench.configuration
  let size = bench.settings.pixels
  let latent = size / configuration.latentFactor

  func part(
    _ name: String, _ work: String, _ make: @escaping (RandomParameters) throws -> () throws -> Tensor
  ) throws {
    guard bench.settings.wants(name) else { return }
    func made(on backend: any Backend) throws -> () throws -> Tensor {
      try make(RandomParameters(backend: backend, dtype: bench.settings.weights))
    }
    try bench.measure(name, peer: PeerWork(work, ["size": size]), on: bench.twin(made)) { try $0() }
    bench.backend.releaseCachedMemory()
    try bench.profile(name, made) { try $0() }
    bench.backend.releaseCachedMemory()
  }

  try part("image encoder", "image_encoder") { source in
    let tower = try OpenCLIPVisionTower(Parameters(source), configuration: configuration.imageEncoder)
    let image = try source.activations([1, size, size, 3])
    return { try tower(image) }
  }
  if let sizes = configuration.sketchEncoder {
    try part("sketch encoder", "sketch_encoder") { source in
      let encoder = try SketchEncoder(Parameters(source), configuration: sizes)
      let image = try source.activations([1, size, size, 3])
      // Results come in order, so the last hint waits for all.
      return { try encoder(image)[sizes.channelMultipliers.count] }
    }
  }
  if let sizes = configuration.recovery {
    try part("recovery transformer", "recovery") { source in
      let recovery = try RecoveryTransformer(Parameters(source), configuration: sizes)
      let tokens = try source.activations([1, configuration.imageEncoder.tokenCount, sizes.width])
      return { try recovery(tokens) }
    }
  }
  try part("VAE encode", "vae_encode") { source in
    let encoder = try VAEEncoder(
      Parameters(source), configuration: configuration.vae, normGroups: configuration.normGroups)
    let image = try source.activations([1, size, size, 3])
    return { try encoder(image).mean }
  }
  try part("VAE decode", "vae_decode") { source in
    let decoder = try VAEDecoder(
      Parameters(source), configuration: configuration.vae, normGroups: configuration.normGroups)
    let x = try source.activations([1, latent, latent, configuration.vae.latentChannels])
    return { try decoder(x) }
  }
}
