// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// What a checkpoint must hold.
struct CheckpointTests {
  /// The published v1.5 checkpoints' keys and shapes, all that inference reads, and nothing else.
  @Test func v1_5HasThePublishedKeysAndShapes() throws {
    let path = try #require(
      Bundle.module.path(forResource: "keys-v1.5", ofType: "txt", inDirectory: "Golden/checkpoint"))
    let published = Set(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init))
    let ours = try ColorizationNetwork.parameters(of: .v1_5).map { "\($0.key) \($0.shape)" }
    #expect(ours.count == Set(ours).count, "a key is asked for twice")
    #expect(published.subtracting(ours).sorted().prefix(5).isEmpty, "published and not asked for")
    #expect(Set(ours).subtracting(published).sorted().prefix(5).isEmpty, "asked for and not published")
    let parameters = try ColorizationNetwork.parameters(of: .v1_5).reduce(0) { $0 + $1.shape.elementCount }
    #expect(parameters > 1_700_000_000)
  }

  @Test func everyFaultOfACheckpointIsListedInOneError() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("faults.safetensors")
    var parts = try ColorizationNetwork.parameters(of: TinyNetwork.configuration)
      .map { (key: $0.key, shape: $0.shape.extents) }
    let removed = parts.remove(at: 3).key
    let reshaped = parts[10].key
    parts[10].shape = [1] + parts[10].shape
    let poisoned = parts[20].key
    parts.append((key: "model.diffusion_model.extra", shape: [2]))
    let writer = try SafetensorsWriter(
      path: path, tensors: parts.map { .init(key: $0.key, dtype: .f32, shape: $0.shape) })
    for part in parts {
      var values = SeededParameters.values(part.key, shape: Shape(part.shape))
      if part.key == poisoned { values[values.count - 1] = .nan }
      try values.withUnsafeBytes { try writer.write(part.key, $0) }
    }
    try writer.finish()
    let source = WeightSource(try SafetensorsFile(path: path))
    let error = #expect(throws: WeightError.self) {
      try ColorizationNetwork.load(source, configuration: TinyNetwork.configuration, backend: CPUBackend())
    }
    guard case .mismatch(let report) = error else {
      Issue.record("not a mismatch: \(String(describing: error))")
      return
    }
    #expect(report.missing.count == 1 && report.misshaped.count == 1)
    #expect(report.unexpected.count == 1 && report.nonFinite.count == 1)
    let text = error?.description ?? ""
    for key in [removed, reshaped, poisoned, "model.diffusion_model.extra"] { #expect(text.contains(key), "\(key)") }
  }

  @Test func anOpenCLIPFileCompletesACheckpointWithoutImageEncoder() throws {
    let folder = try TemporaryFolder()
    let prefix = "cond_stage_model.visual.model."
    let parts = try ColorizationNetwork.parameters(of: TinyNetwork.configuration)
    func write(_ name: String, _ parts: [(file: String, key: String, shape: Shape)]) throws -> SafetensorsFile {
      let path = folder.file(name)
      let writer = try SafetensorsWriter(
        path: path, tensors: parts.map { .init(key: $0.file, dtype: .f32, shape: $0.shape.extents) })
      for part in parts {
        try SeededParameters.values(part.key, shape: part.shape).withUnsafeBytes { try writer.write(part.file, $0) }
      }
      try writer.finish()
      return try SafetensorsFile(path: path)
    }
    let colorizer = try write(
      "colorizer.safetensors", parts.filter { !$0.key.hasPrefix(prefix) }.map { ($0.key, $0.key, $0.shape) })
    let clip = try write(
      "open_clip.safetensors",
      parts.filter { $0.key.hasPrefix(prefix) }.map { ("visual." + $0.key.dropFirst(prefix.count), $0.key, $0.shape) })
    let backend = try CPUBackend()
    let alone = #expect(throws: WeightError.self) {
      try ColorizationNetwork.load(
        WeightSource(colorizer), configuration: TinyNetwork.configuration, backend: backend)
    }
    #expect(alone?.description.contains("image encoder") == true, "\(String(describing: alone))")
    var both = WeightSource(colorizer)
    both.append(clip, renaming: .openCLIP)
    let loaded = try ColorizationNetwork.load(both, configuration: TinyNetwork.configuration, backend: backend)
    let image = try Tensor(repeating: 0.25, shape: [1, 30, 20, 3], on: backend)
    let expected = try TinyNetwork.make(on: backend).imageEncoder(image)
    #expect(try loaded.network.imageEncoder(image).relativeError(to: expected) == 0)
  }

  @Test func configurationsThatMakeNoNetworkAreRefused() throws {
    func expect(_ field: String, _ change: (inout ModelConfiguration) -> Void) {
      var configuration = TinyNetwork.configuration
      change(&configuration)
      let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
      #expect(error?.field == field, "\(String(describing: error))")
    }
    expect("unet.model_channels") { $0.unet.modelChannels = 33 }
    expect("unet.model_channels") { $0.unet.modelChannels = -32 }
    expect("unet.channel_mult") { $0.unet.levels = [] }
    expect("unet.channel_mult") { $0.unet.levels[1].multiplier = 0 }
    expect("unet.num_head_channels") { $0.unet.heads = .width(0) }
    expect("unet.num_heads") { $0.unet.heads = .count(0) }
    expect("unet.model_channels") { $0.unet.heads = .count(3) }
    expect("unet.transformer_depth") { $0.unet.levels[0].transformerDepth = -1 }
    expect("unet.transformer_depth_middle") { $0.unet.middleDepth = 0 }
    expect("unet.adm_in_channels") { $0.unet.addedEmbeddingWidth = 0 }
    expect("unet.in_channels, out_channels") { $0.unet.inChannels = 4 }
    expect("vae.ch_mult") { $0.vae.channelMultipliers = [1, 2] }
    expect("vae.num_res_blocks") { $0.vae.residualBlocks = 0 }
    expect("clip.heads") { $0.imageEncoder.heads = 3 }
    expect("clip.output_dim") { $0.imageEncoder.outputWidth = 64 }
    expect("cluster.token_length") { $0.recovery?.tokens = 5 }
    expect("threshold.out_dim") { $0.threshold?.outputWidth = 5 }
    expect("scale_factor") { $0.scaleFactor = .nan }
    expect("norm_groups") { $0.normGroups = 0 }
    expect("lora.br") { $0.lora?.background = .fraction(2) }
    expect("image_size") { $0.imageSize = 1 }
  }
}
