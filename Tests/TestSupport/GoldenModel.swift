import DiffusionCore

/// The small network whose outputs were recorded from the published implementation.
package enum GoldenModel {
  package static let configuration = ModelConfiguration(
    unet: UNetConfiguration(
      inChannels: 4, outChannels: 4, modelChannels: 32, channelMultipliers: [1, 2, 4, 4], residualBlocks: 2,
      attentionResolutions: [1, 2, 4], headWidth: 16, contextWidth: 64),
    lora: LoRAConfiguration(foreground: .rank(4), background: .fraction(0.5)),
    vae: VAEConfiguration(channels: 32, channelMultipliers: [1, 1, 2, 2], residualBlocks: 2, latentChannels: 4),
    imageEncoder: OpenCLIPVisionConfiguration(
      imageSize: 224, patchSize: 14, width: 64, layers: 3, heads: 4, outputWidth: 64),
    sketchEncoder: SketchEncoderConfiguration(inChannels: 3, modelChannels: 32, channelMultipliers: [1, 2, 4, 4]),
    recovery: RecoveryConfiguration(width: 64, layers: 2, tokens: 256, heads: 4),
    threshold: ThresholdEmbedderConfiguration(embeddingWidth: 256, outputWidth: 64))

  package static func load(on backend: any Backend) throws -> ColorizationNetwork {
    let file = try SafetensorsFile(path: (GoldenFile.folder ?? "") + "/weights.safetensors")
    return try ColorizationNetwork.load(WeightSource(file), configuration: configuration, backend: backend).network
  }
}
