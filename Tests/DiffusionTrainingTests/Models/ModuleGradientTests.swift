// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Foundation
import TestSupport
import Testing

/// Gradients of the network's modules, through the models themselves, against those of the published network.
@Suite struct ModuleGradientTests {
  /// Everything that a module needs.
  private struct Setting {
    let test: [String: Any]
    let configuration: ModelConfiguration
    let place: Parameters
    let inputs: [String: Tensor]
    /// The channels of the first output.
    let outputs: Int

    /// The channels of an input.
    func width(_ name: String) -> Int { input(name).shape[input(name).shape.rank - 1] }

    func input(_ name: String) -> Tensor {
      guard let tensor = inputs[name] else { preconditionFailure("no input \(name)") }
      return tensor
    }

    /// Each sample by itself, then all joined.
    func bySample(_ body: (_ index: Int, _ input: (String) -> Tensor) throws -> Tensor) throws -> Tensor {
      let parts = try (0..<input("x").shape[0]).map { index in
        try body(index) { input($0).sliced(axis: 0, index..<index + 1) }
      }
      return try Tensor.concatenate(parts, axis: 0)
    }
  }

  /// The kinds of modules, of which a case's name tells one and may say more behind it.
  private static let kinds = [
    "time_embed", "residual_block", "residual_block_one_channel_groups", "downsampler", "upsampler", "self_attention",
    "feed_forward", "spatial_transformer", "sketch_encoder", "recovery_transformer", "threshold_embedder",
    "vision_block", "vae_residual_block", "vae_attention", "vae_downsampler",
  ]

  private static func kind(of name: String) -> String {
    kinds.filter { name.hasPrefix($0) }.max { $0.count < $1.count } ?? name
  }

  /// The outputs, images channels-last.
  private func run(_ s: Setting) throws -> [Tensor] {
    let (c, p) = (s.configuration, s.place)
    let (unet, groups) = (c.unet, c.normGroups)
    switch Self.kind(of: s.test.string("name")) {
    case "time_embed":
      let first = try Linear(p[0], inputs: s.width("x"), outputs: s.outputs)
      return [try Linear(p[2], inputs: s.outputs, outputs: s.outputs)(first(s.input("x"), activation: .silu))]
    case "residual_block":
      let block = try ResidualBlock(
        p, inputs: s.width("x"), outputs: s.outputs, embeddingWidth: s.width("emb"), groups: groups)
      return [try s.bySample { _, input in try block(input("x"), activatedEmbedding: input("emb").silu()) }]
    case "residual_block_one_channel_groups":
      let block = try ResidualBlock(
        p, inputs: s.width("x"), outputs: s.outputs, embeddingWidth: s.width("emb"), groups: groups)
      return [try block(s.input("x"), activatedEmbedding: s.input("emb").silu())]
    case "downsampler": return [try Downsampler(p, channels: s.width("x"))(s.input("x"))]
    case "upsampler": return [try Upsampler(p, channels: s.width("x"))(s.input("x"))]
    case "self_attention":
      // The layer adds to a residual, here zeros.
      let x = s.input("x")
      return [
        try Attention(p, channels: s.width("x"), heads: unet.heads.count(channels: s.width("x")))(
          x, residual: Tensor(repeating: 0, shape: x.shape, on: x.backend))
      ]
    case "feed_forward":
      let gate = try Linear(p["net"][0]["proj"], inputs: s.width("x"), outputs: 8 * s.width("x"))
      guard let bias = gate.bias else { preconditionFailure("the gate has a bias") }
      let out = try Linear(p["net"][2], inputs: 4 * s.width("x"), outputs: s.outputs)
      return [try out(s.input("x").gatedLinear(weight: gate.weight, bias: bias))]
    case "spatial_transformer":
      let isSplit = s.test["t_s"] != nil
      let block = try SpatialTransformer(
        p, channels: s.width("x"), level: 0, numbers: 0..<1, unet: unet, lora: isSplit ? c.lora : nil, groups: groups)
      return [try spatialTransformer(block, s, isSplit: isSplit)]
    case "sketch_encoder": return try SketchEncoder(p, configuration: #require(c.sketchEncoder))(s.input("x"))
    case "recovery_transformer": return [try RecoveryTransformer(p, configuration: #require(c.recovery))(s.input("x"))]
    case "threshold_embedder":
      let first = try Linear(p[0], inputs: s.width("x"), outputs: s.outputs)
      return [try Linear(p[2], inputs: s.outputs, outputs: s.outputs)(first(s.input("x"), activation: .silu))]
    case "vision_block":
      return [try OpenCLIPBlock(p, width: c.imageEncoder.width, heads: c.imageEncoder.heads)(s.input("x"))]
    case "vae_residual_block":
      return [try VAEResidualBlock(p, inputs: s.width("x"), outputs: s.outputs, groups: groups)(s.input("x"))]
    case "vae_attention": return [try VAEAttention(p, channels: s.width("x"), groups: groups)(s.input("x"))]
    case "vae_downsampler":
      let geometry = ConvolutionGeometry(stride: 2, paddingBefore: 0, paddingAfter: 1)
      return [try Conv2d(p["conv"], inputs: s.width("x"), outputs: s.outputs, geometry: geometry)(s.input("x"))]
    case let name: throw RecordedOperation.Missing(name: name)
    }
  }

  private func spatialTransformer(_ module: SpatialTransformer, _ s: Setting, isSplit: Bool) throws -> Tensor {
    let control = AttentionControl(referenceScales: [1])
    guard isSplit else {
      let context = ReferenceContext(whole: s.input("context"))
      let block = try module.blocks[0].crossAttention.prepare(context, repeats: 1)
      let prepared = PreparedContext(activeRows: s.input("x").shape[0], blocks: [block], masks: [], regions: [])
      return try module(s.input("x"), AttentionConditions(context: prepared, control: control))
    }
    let thresholds = s.test.floats("t_s") ?? []
    return try s.bySample { index, input in
      let (context, mask) = (input("context"), input("mask"))
      let half = context.shape[1] / 2
      let reference = ReferenceContext(
        foreground: context.sliced(axis: 1, 0..<half), background: context.sliced(axis: 1, half..<2 * half),
        mask: mask, maskThreshold: thresholds[index], useForegroundLoRA: s.test["use_fg"] as? Bool ?? false,
        useBackgroundLoRA: s.test["use_bg"] as? Bool ?? false)
      let tokens = try (mask > thresholds[index]).reshaped([1, mask.shape[1] * mask.shape[2], 1])
      let prepared = PreparedContext(
        activeRows: 1, blocks: [try module.blocks[0].crossAttention.prepare(reference, repeats: 1)], masks: [tokens],
        regions: [try TokenRegions(mask: tokens)])
      return try module(input("x"), AttentionConditions(context: prepared, control: control))
    }
  }

  @Test(arguments: GradientSetting.all(memories: [.kept, .recomputed(partByteCount: 20_000)]))
  func gradientsAreThoseRecorded(_ choice: GradientSetting) throws {
    let set = choice.set
    let golden = try TrainingGolden("module_gradients", of: set)
    let base = try choice.backend.make()
    let configuration = try set.configuration
    let cases = golden.list()
    try #require(!cases.isEmpty)
    for test in cases {
      let name = test.string("name")
      let tape = Tape(base, memory: choice.memory)
      let reader = WeightReader(try set.weights())
      let source = TrainableParameters(CheckpointParameters(reader, backend: tape), on: tape) { _ in true }
      let isImage = { (key: String) in (golden.file["\(name).\(key)"]?.shape.count ?? 0) == 4 }
      func recorded(_ key: String) throws -> Tensor {
        try isImage(key)
          ? golden.channelsLast("\(name).\(key)", on: base) : golden.tensor("\(name).\(key)", on: base)
      }
      let constants = test.strings("constants")
      var inputs: [String: Tensor] = [:]
      for key in test.table("inputs").keys {
        inputs[key] = try constants.contains(key) ? tape.constant(recorded(key)) : tape.variable(recorded(key))
      }
      let prefix = String(test.string("weights").dropLast())
      let first = golden.file["\(name).out0"]?.shape ?? []
      let setting = Setting(
        test: test, configuration: configuration, place: Parameters(source, prefix: prefix), inputs: inputs,
        outputs: (first.count == 4 ? first[1] : first.last) ?? 0)
      let outs = try tape.recording { try run(setting) }
      #expect(outs.count == test.int("outputs"))
      let noise = test.strings("noise")
      for (index, out) in outs.enumerated() {
        let error = try tape.onBase(out).relativeError(to: recorded("out\(index)"))
        #expect(error < 1e-5, "\(name): output \(index) is off by \(error)")
      }
      let names = inputs.keys.filter { !constants.contains($0) }.sorted()
      let parameters = source.parameters
      let gradients = try tape.gradients(
        of: outs.enumerated().map { ($1, try recorded("dout\($0)")) },
        at: names.compactMap { inputs[$0] } + parameters.map(\.value))
      for (key, gradient) in zip(names, gradients) where !noise.contains("d.\(key)") {
        let error = try #require(gradient).relativeError(to: recorded("d.\(key)"))
        #expect(error < 1e-5, "\(name): the gradient of \(key) is off by \(error)")
      }
      let fingerprints = test.table("gradients")
      var checked = 0
      for (parameter, gradient) in zip(parameters, gradients.dropFirst(names.count)) {
        guard fingerprints[parameter.key] != nil, !noise.contains(parameter.key) else { continue }
        let found = parameter.inCheckpointOrder(try #require(gradient, "\(name): no gradient of \(parameter.key)"))
        let key = "\(name).grad.\(parameter.key)"
        // Pointwise convolutions are linear layers here.
        if golden.contains(key) {
          let expected = try golden.tensor(key, on: base)
          let error = try found.reshaped(expected.shape).relativeError(to: expected)
          #expect(error < 2e-5, "\(name): the gradient of \(parameter.key) is off by \(error)")
        }
        let error = try Fingerprint(found).distance(
          to: fingerprints.table(parameter.key), count: found.shape.elementCount)
        #expect(error < 2e-5, "\(name): the fingerprint of the gradient of \(parameter.key) is off by \(error)")
        checked += 1
      }
      #expect(checked + noise.filter { !$0.hasPrefix("d.") }.count == fingerprints.count, "\(name): \(checked) weights")
    }
  }
}
