// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// The recordings notice faults: a single weight of a part, and a result in another's place.
struct RecordingTests {
  /// The seeded network with single weights of other sign.
  private func comparison(changing keys: Set<String>) throws -> PublishedComparison {
    let folder = try TemporaryFolder()
    let path = folder.file("changed.safetensors")
    var changed: Set<String> = []
    func change(_ key: String, _ values: inout [Float]) {
      guard keys.contains(key), let largest = values.indices.max(by: { abs(values[$0]) < abs(values[$1]) }) else {
        return
      }
      values[largest] *= -1
      changed.insert(key)
    }
    try SeededParameters.write(GoldenSet.own.configuration, to: path, change: change)
    #expect(changed == keys)
    return try PublishedComparison(.own, weights: WeightSource(SafetensorsFile(path: path)))
  }

  @Test func oneWeightOfAPartShows() throws {
    let faulty = try comparison(changing: [
      "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight",
      "first_stage_model.encoder.conv_in.weight", "first_stage_model.decoder.conv_in.weight",
      "cond_stage_model.visual.model.conv1.weight", "control_encoder.model.0.weight",
      "transformer.layers.0.2.to_v.weight", "thresh_embedder.embed_layer.0.weight",
    ])
    let golden = try GoldenSet.own.file("unet", on: faulty.backend)
    let parts: [(String, [PublishedComparison.Difference])] = [
      ("threshold embedder", try faulty.thresholdEmbedder()), ("recovery", try faulty.recovery()),
      ("sketch encoder", try faulty.sketchEncoder()), ("encoder", try faulty.vaeEncoder()),
      ("decoder", try faulty.vaeDecoder()), ("image encoder", try faulty.imageEncoder()),
      (
        "U-Net",
        try GoldenSet.own.decode(UNetCase.List.self, from: "unet_cases").cases.map { try faulty.unet($0, golden) }
      ),
    ]
    for (part, differences) in parts {
      let largest = differences.map(\.error).max() ?? 0
      print("a weight of the \(part) of other sign: \(largest)")
      #expect(largest > PublishedParityTests.tolerance, "\(part)")
    }
  }

  /// A weight of a branch shows where the branch is active, and changes nothing elsewhere.
  @Test(arguments: ["fg", "bg"]) func oneWeightOfABranchShowsWhereItActs(branch: String) throws {
    let faulty = try comparison(changing: [
      "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.attn2.to_v.lora_up_\(branch).weight"
    ])
    let golden = try GoldenSet.own.file("unet", on: faulty.backend)
    for c in try GoldenSet.own.decode(UNetCase.List.self, from: "unet_cases").cases {
      let found = try faulty.unet(c, golden)
      let isActive = c.mask != nil && (branch == "fg" ? c.useForeground : c.useBackground)
      #expect((found.error > PublishedParityTests.tolerance) == isActive, "\(found.what): \(found.error)")
    }
  }

  @Test func noResultPassesForAnother() throws {
    let backend = try CPUBackend(threads: 1)
    for (name, part) in [("unet", ".out."), ("samplers", ".final"), ("e2e", ".z"), ("e2e", ".image")] {
      let golden = try GoldenSet.own.file(name, on: backend)
      let keys = golden.file.keys.filter { $0.contains(part) }
      for (index, key) in keys.enumerated() {
        for other in keys[..<index] where golden.shape(key) == golden.shape(other) {
          // Attention of no strength is attention to nothing.
          if [key, other].sorted() == ["sq.out.vanilla_ctxzero1", "sq.out.vanilla_ref0"] { continue }
          let error = try golden.tensor(key).relativeError(to: golden.tensor(other))
          #expect(error > 0.05, "\(key) and \(other): \(error)")
        }
      }
    }
  }
}
