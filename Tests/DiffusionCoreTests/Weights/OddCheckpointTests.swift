// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// Checkpoints as other programs write them: wrapped keys, averages, doubles, leftovers, holes.
@Suite struct OddCheckpointTests {
  private let bare = [
    "model.diffusion_model.out.weight", "model.diffusion_model.in.0.weight",
    "first_stage_model.a.weight",
    "control_encoder.b.weight",
  ]

  @Test(arguments: [
    "module.", "state_dict.", "_orig_mod.", "model.", "ema.", "state_dict.model.", "net.module.",
  ])
  func wrappersComeOff(prefix: String) throws {
    let renaming = try #require(KeyRenaming.unwrapping(bare.map { prefix + $0 }))
    #expect(bare.map { renaming(prefix + $0) } == bare)
  }

  @Test func aPrefixOfSomeKeysIsNamed() {
    let hint = LoadHints.hint(
      ofPrefixesBefore: Array(bare[..<2]), keys: bare[..<2].map { "net.module." + $0 } + bare[2...] + ["other.weight"])
    #expect(hint?.contains("2 of the missing keys stand in the file with \"net.module.\" before them") == true)
    #expect(LoadHints.hint(ofPrefixesBefore: bare, keys: ["weight", "other.bias"]) == nil)
  }

  @Test func bareKeysStay() throws {
    #expect(KeyRenaming.unwrapping(bare) == nil)
    #expect(KeyRenaming.unwrapping([]) == nil)
    // Averages beside the weights are no wrapper.
    #expect(KeyRenaming.unwrapping(bare + bare.map { "ema." + $0 }) == nil)
    // Half of the keys are of something else.
    #expect(KeyRenaming.unwrapping(bare.map { "a." + $0 } + ["b", "c", "d", "e"]) == nil)
    let compiled = try #require(
      KeyRenaming.unwrapping(["model.diffusion_model._orig_mod.out.weight", bare[2]]))
    #expect(compiled("model.diffusion_model._orig_mod.out.weight") == bare[0])
    #expect(compiled(bare[2]) == bare[2])
  }

  @Test(arguments: [
    "model._orig_mod.diffusion_model.", "model.diffusion_model.module.", "model.diffusion_model._fsdp_wrapped_module.",
    "module.model._orig_mod.diffusion_model.", "state_dict.model.module.diffusion_model._orig_mod.",
  ])
  func wrappersWithinKeysComeOff(prefix: String) throws {
    let outer = prefix.components(separatedBy: "model.")[0]
    let wrapped =
      ["out.weight", "in.0.weight"].map { prefix + $0 } + bare[2...].map { outer + $0 }
    let renaming = try #require(KeyRenaming.unwrapping(wrapped))
    #expect(wrapped.map { renaming($0) } == bare)
    // Beside the bare key it is another weight.
    #expect(KeyRenaming.unwrapping(bare + [prefix + "out.weight"]).map { $0(prefix + "out.weight") } != bare[0])
  }

  @Test func averagesWithinWrappers() throws {
    let keys = ["module.model_ema.diffusion_modeloutweight", "module.control_encoder.b.weight"]
    let outer = try #require(KeyRenaming.unwrapping(keys))
    let averages = try #require(KeyRenaming.movingAverages(keys.map { outer($0) }, wanted: bare))
    let both = outer.followed(by: averages, for: keys)
    #expect(keys.map { both($0) } == [bare[0], bare[3]])
  }

  @Test(arguments: [
    (["lycoris_blocks_0.hada_w1_a", "lycoris_blocks_0.alpha"], "(LoRA)"),
    (["base_model.model.a.lora_A.weight"], "(LoRA)"), (["unet.a.to_q_lora.down.weight"], "(LoRA)"),
    (["emb_params"], "textual inversion"), (["<cat-toy>"], "textual inversion"),
    (["string_to_param.*"], "textual inversion"),
    (["control_model.zero_convs.0.0.weight"], "ControlNet"),
    (["controlnet_cond_embedding.conv_in.weight", "down_blocks.0.a"], "ControlNet"),
    (["down_blocks.0.a", "up_blocks.0.a"], "Diffusers"), (["vision_model.a"], "naming of Transformers"),
    (["visual.conv1.weight", "token_embedding.weight"], "(CLIP)"), (["decoder.a", "encoder.a"], "(VAE)"),
    (["first_stage_model.decoder.a"], "(VAE)"), (["double_blocks.0.a", "single_blocks.0.a"], "diffusion transformer"),
    (["model.diffusion_model.a", "cond_stage_model.transformer.text_model.a"], "paints after texts"),
    (["model.layers.0.a", "lm_head.weight"], "language model"), (["input_blocks.0.0.weight"], "U-Net alone"),
  ])
  func otherModelsAreNamed(keys: [String], words: String) throws {
    let advice = try #require(OtherModel.advice(forKeys: keys))
    #expect(advice.contains(words), "\(advice)")
  }

  @Test func checkpointsAreNoOtherModels() throws {
    #expect(OtherModel.advice(forKeys: bare) == nil && OtherModel.advice(forKeys: []) == nil)
    // Of a file that holds no part of a colorizer that is said, and not what each part would have to be.
    let reader = WeightReader(WeightSource(try checkpoint(["RRDB_trunk.0.a": [2]])))
    _ = try reader.take("model.diffusion_model.out.weight", shape: [1])
    #expect(reader.report().hints == ["no file carries any part of a colorizer: give a colorizer checkpoint"])
  }

  @Test func averagesStandInForWeights() throws {
    let averages = [
      "model_ema.diffusion_modeloutweight", "model_ema.diffusion_modelin0weight", "model_ema.decay",
    ]
    let renaming = try #require(KeyRenaming.movingAverages(averages + [bare[2]], wanted: bare))
    #expect(renaming(averages[0]) == bare[0] && renaming(averages[1]) == bare[1])
    #expect(renaming("model_ema.decay") == "model_ema.decay" && renaming(bare[2]) == bare[2])
    #expect(KeyRenaming.movingAverages(averages + bare, wanted: bare) == nil)
  }

  @Test func doublesAreConverted() throws {
    let values: [Double] = [1, -0.1, 3e300, 0]
    let data = values.flatMap { value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
    let file = try open(image("{\(entry("w", "F64", "[4]", "[0,32]"))}", data))
    let reader = WeightReader(WeightSource(file))
    let taken = try reader.take("w", shape: [4])
    #expect(taken.dtype == .f32 && taken.floats() == [1, -0.1, .infinity, 0])
    // What does not fit is found as what it becomes.
    #expect(reader.report().nonFinite.map(\.index) == [2])
  }

  @Test func typesThatCannotBeReadAreNamed() throws {
    let file = try open(image("{\(entry("w", "F8_E4M3", "[4]", "[0,4]"))}", [1, 2, 3, 4]))
    let reader = WeightReader(WeightSource(file))
    _ = try reader.take("w", shape: [4])
    #expect(
      reader.report().hints.contains { $0.contains("numbers of type F8_E4M3 cannot be read") })
  }

  @Test func lowRankAdditionsAreNoModel() throws {
    let file = try checkpoint([
      "lora_unet_a.lora_up.weight": [2], "lora_unet_a.lora_down.weight": [2],
    ])
    let reader = WeightReader(WeightSource(file))
    _ = try reader.take("model.diffusion_model.a", shape: [1])
    #expect(reader.report().hints.first?.contains("(LoRA)") == true)
  }

  @Test func leftoversAreUsable() throws {
    let key = "model.diffusion_model.a"
    let file = try checkpoint([key: [2], "optimizer.step": [1]])
    let reader = WeightReader(WeightSource(file))
    _ = try reader.take(key, shape: [2])
    let report = reader.report()
    #expect(!report.isComplete && report.isUsable)
    #expect(report.hints.contains { $0.contains("`colorize convert`") })
  }
}

@Suite struct HoleTests {
  /// A file of tensors of that many bytes, of which the given ranges of all data are zero.
  private func report(_ sizes: [Int], zeros: [Range<Int>]) throws -> LoadReport {
    var members: [String] = []
    var start = 0
    for (index, size) in sizes.enumerated() {
      members.append(entry("t\(index)", "F16", "[\(size / 2)]", "[\(start),\(start + size)]"))
      start += size
    }
    // 1 to 255 in each byte, and small exponents: finite, and never zero.
    var data = (0..<start).map { UInt8($0 % 60 + 1) }
    for range in zeros { for index in range { data[index] = 0 } }
    let reader = WeightReader(
      WeightSource(try open(image("{\(members.joined(separator: ","))}", data))))
    for (index, size) in sizes.enumerated() { _ = try reader.take("t\(index)", shape: [size / 2]) }
    return reader.report()
  }

  private let sizes = [200_000, 3000, 40_000, 3000, 500_000]

  @Test func holesAreFound() throws {
    #expect(try report(sizes, zeros: []).holes.isEmpty)
    let within = try report(sizes, zeros: [10_001..<90_000])
    #expect(
      within.holes.map(\.key) == ["t0"] && within.holes[0].byteCount == 79_999 && !within.isUsable)
    // Across small tensors, none of which has a hole that is large enough.
    let across = try report(sizes, zeros: [190_000..<260_000])
    #expect(across.holes.map(\.tensorCount) == [5])
    #expect(across.holes.map { [$0.key, $0.lastKey] } == [["t0", "t4"]])
    let end = try report(sizes, zeros: [400_000..<746_000])
    #expect(end.holes.map(\.byteCount) == [346_000])
    #expect("\(end)".contains("holes of zeros"))
  }

  @Test func whatTrainingMakesIsNoHole() throws {
    // A tensor that was set to zero, some channels that died, and short runs.
    #expect(try report(sizes, zeros: [243_000..<246_000, 246_000..<746_000]).holes.isEmpty)
    #expect(try report(sizes, zeros: [8192..<69_632, 100_000..<100_900]).holes.isEmpty)
  }
}
