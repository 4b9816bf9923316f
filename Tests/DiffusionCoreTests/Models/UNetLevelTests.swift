// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// U-Nets that are described by their levels: those of the Stable Diffusion family.
@Suite struct UNetLevelTests {
  private static func fixture(_ name: String, _ type: String) throws -> String {
    try #require(Bundle.module.path(forResource: name, ofType: type, inDirectory: "Golden/models"))
  }

  /// The keys and shapes of a list; of `transformer_blocks.{10}.` ten.
  private static func published(_ name: String) throws -> Set<String> {
    let lines = try String(contentsOfFile: fixture("unet-\(name)", "txt"), encoding: .utf8).split(separator: "\n")
    return Set(
      try lines.flatMap { line -> [String] in
        guard let open = line.firstIndex(of: "{"), let close = line.firstIndex(of: "}") else { return [String(line)] }
        let count = try #require(Int(line[line.index(after: open)..<close]))
        return (0..<count).map { "\(line[..<open])\($0)\(line[line.index(after: close)...])" }
      })
  }

  @Test(arguments: [
    ("sd-1", UNetConfiguration.sd1, 686, 16, 859_520_964), ("sd-2", .sd2, 686, 16, 865_910_724),
    ("sdxl-base", .sdxl, 1680, 70, 2_567_463_684), ("sdxl-refiner", .sdxlRefiner, 1220, 44, 2_259_526_660),
  ])
  func keysAreThoseOfThePublishedModels(
    name: String, configuration: UNetConfiguration, keys: Int, blocks: Int, parameters: Int
  ) throws {
    let recorder = ParameterRecorder()
    _ = try UNet(Parameters(recorder), configuration: configuration, lora: nil, normGroups: 32)
    let ours = recorder.entries.map { "\($0.key) \($0.shape)" }
    let published = try Self.published(name)
    #expect(ours.count == keys && published.count == keys)
    #expect(published.subtracting(ours).sorted().prefix(5) == [], "published and not asked for")
    #expect(Set(ours).subtracting(published).sorted().prefix(5) == [], "asked for and not published")
    #expect(recorder.entries.reduce(0) { $0 + $1.shape.elementCount } == parameters)
    #expect(configuration.transformerBlockCount == blocks)
    #expect(ours.count { $0.contains("attn2.to_q") } == blocks)
  }

  private static let v1 = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 32,
    levels: [.init(multiplier: 1, transformerDepth: 1), .init(multiplier: 2, transformerDepth: 1)], middleDepth: 1,
    residualBlocks: 1, heads: .count(4), contextWidth: 24)
  private static let xl = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 32,
    levels: [.init(multiplier: 1, transformerDepth: 0), .init(multiplier: 2, transformerDepth: 2)], middleDepth: 2,
    residualBlocks: 1, heads: .width(16), contextWidth: 24, usesLinearProjections: true, addedEmbeddingWidth: 20)

  /// What a U-Net predicts on the fixture's input.
  private func prediction(
    _ name: String, _ configuration: UNetConfiguration, on backend: any Backend,
    change: (inout AttentionControl) -> Void = { _ in }
  ) throws -> (made: Tensor, expected: Tensor) {
    let file = try SafetensorsFile(path: Self.fixture("models", "safetensors"))
    func tensor(_ key: String) throws -> Tensor {
      try Tensor(file.floats(of: "\(name).\(key)"), shape: Shape(file["\(name).\(key)"]?.shape ?? []), on: backend)
    }
    let unet = try UNet(
      Parameters(SeededParameters(backend: backend)), configuration: configuration, lora: nil, normGroups: 32)
    var control = AttentionControl(
      referenceScales: [Float](repeating: 1, count: configuration.transformerBlockCount))
    change(&control)
    let made = try unet(
      tensor("x").transposed(0, 2, 3, 1).contiguous(), timestep: 613.25,
      context: unet.prepare(ReferenceContext(whole: tensor("context"))), hints: [], control: control,
      added: configuration.addedEmbeddingWidth == nil ? nil : tensor("added"))
    return (made.channelsFirst, try tensor("out"))
  }

  /// Heads by their number, projections as convolutions; several blocks behind one another, levels without attention,
  /// linear projections and an added embedding that differs from row to row. Against f32 of PyTorch: 1e-5 in relative
  /// L2.
  @Test(arguments: [("v1", Self.v1), ("xl", Self.xl)])
  func predictsWhatOthersDo(name: String, configuration: UNetConfiguration) throws {
    let (made, expected) = try prediction(name, configuration, on: CPUBackend())
    let error = try made.relativeError(to: expected)
    #expect(error < 1e-5, "\(error)")
  }

  /// Each block has a strength of its own, wherever it stands: a change of any one changes the prediction, and none like
  /// another.
  @Test func everyBlockHasItsStrength() throws {
    let backend = try CPUBackend()
    var seen: Set<[Float]> = [try prediction("xl", Self.xl, on: backend).made.contiguous().floats()]
    for block in 0..<Self.xl.transformerBlockCount {
      let made = try prediction("xl", Self.xl, on: backend) { $0.referenceScales[block] = 0.25 }.made
      #expect(seen.insert(try made.contiguous().floats()).inserted, "block \(block)")
    }
    #expect(seen.count == 9)
  }

  @Test func blocksAreNumberedInModuleOrder() throws {
    let xl = UNetConfiguration.sdxl
    #expect(
      xl.transformers.map(\.blocks) == [
        0..<2, 2..<4, 4..<14, 14..<24, 24..<34, 34..<44, 44..<54, 54..<64, 64..<66, 66..<68, 68..<70,
      ])
    #expect(AttentionControl.Level.encoder.blocks(of: xl) == Array(0..<24))
    #expect(AttentionControl.Level.high.blocks(of: xl) == [])
    #expect(AttentionControl.Level.middle.blocks(of: xl) == [0, 1, 2, 3, 64, 65, 66, 67, 68, 69])
    #expect(AttentionControl.Level.bottom.blocks(of: xl) == Array(24..<34))
  }

  /// As in the configurations that others write.
  @Test func readsConfigurationsOfLatentDiffusion() throws {
    let texts: [(String, UNetConfiguration)] = [
      (
        """
        {"in_channels": 4, "out_channels": 4, "model_channels": 320, "attention_resolutions": [4, 2, 1],
        "num_res_blocks": 2, "channel_mult": [1, 2, 4, 4], "num_heads": 8, "transformer_depth": 1, "context_dim": 768}
        """, .sd1
      ),
      (
        """
        {"in_channels": 4, "out_channels": 4, "model_channels": 320, "attention_resolutions": [4, 2], "num_res_blocks": 2,
        "channel_mult": [1, 2, 4], "num_head_channels": 64, "use_linear_in_transformer": true,
        "transformer_depth": [1, 2, 10], "context_dim": 2048, "adm_in_channels": 2816}
        """, .sdxl
      ),
      (
        """
        {"in_channels": 4, "out_channels": 4, "model_channels": 384, "attention_resolutions": [4, 2], "num_res_blocks": 2,
        "channel_mult": [1, 2, 4, 4], "num_head_channels": 64, "use_linear_in_transformer": true, "transformer_depth": 4,
        "transformer_depth_middle": 4, "context_dim": 1280, "adm_in_channels": 2560}
        """, .sdxlRefiner
      ),
    ]
    for (text, expected) in texts {
      #expect(try JSONDecoder().decode(UNetConfiguration.self, from: Data(text.utf8)) == expected)
    }
    for configuration in [UNetConfiguration.sd1, .sd2, .sdxl, .sdxlRefiner, ModelConfiguration.v1_5.unet, Self.xl] {
      let stored = try JSONEncoder().encode(configuration)
      #expect(try JSONDecoder().decode(UNetConfiguration.self, from: stored) == configuration)
    }
    // What today's readers know, and nothing else.
    let keys = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(ModelConfiguration.v1_5.unet)) as? [String: Any]
    ).keys.sorted()
    #expect(
      keys == [
        "attention_resolutions", "channel_mult", "context_dim", "in_channels", "model_channels", "num_head_channels",
        "num_res_blocks", "out_channels",
      ])
  }

  @Test(arguments: [
    (#""attention_resolutions": [3]"#, "[3], where powers of two below 4 are expected"),
    (#""attention_resolutions": [1], "transformer_depth": [1]"#, "1 depths for 2 levels"),
    (#""attention_resolutions": [1], "num_heads": 4"#, "exclude each other"),
  ])
  func refusesWhatMakesNoLevels(fields: String, message: String) throws {
    let text = """
      {"in_channels": 4, "out_channels": 4, "model_channels": 32, "num_res_blocks": 1, "channel_mult": [1, 2],
      "num_head_channels": 16, "context_dim": 8, \(fields)}
      """
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(UNetConfiguration.self, from: Data(text.utf8))
    }
    guard case .dataCorrupted(let context) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(context.debugDescription.contains(message))
  }

  /// A network of the parts that its configuration names, and of no others.
  @Test func partsAreOptional() throws {
    var bare = TinyNetwork.configuration
    (bare.sketchEncoder, bare.recovery, bare.threshold) = (nil, nil, nil)
    try bare.validate()
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: JSONEncoder().encode(bare)) == bare)
    let whole = try ColorizationNetwork.parameters(of: TinyNetwork.configuration).map(\.key)
    #expect(
      try ColorizationNetwork.parameters(of: bare).map(\.key)
        == whole.filter { key in
          !["control_encoder.", "transformer.", "thresh_embedder."].contains { key.hasPrefix($0) }
        })
    let backend = try CPUBackend()
    let network = try ColorizationNetwork(
      Parameters(SeededParameters(backend: backend)), configuration: bare, withSplit: true)
    #expect(try network.hints(Tensor(repeating: 0, shape: [1, 16, 16, 3], on: backend)).isEmpty)
    let tokens = try Tensor(repeating: 2, shape: [1, 4, 32], on: backend)
    let split = try #require(network.split)
    #expect(try split.background(cutOut: tokens, thresholds: [0.5]).floats() == tokens.floats())
    let parts = NetworkParts(network)
    try parts.load(NetworkParts.Part.allCases)
    #expect(throws: ConfigurationError.self) { try parts.sketchEncoder() }
    #expect(try parts.network().sketchEncoder == nil)
  }
}
