// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct WeightSourceTests {
  @Test(arguments: [
    ("visual.conv1.weight", "cond_stage_model.visual.model.conv1.weight"),
    ("model.visual.proj", "cond_stage_model.visual.model.proj"),
    ("cond_stage_model.visual.model.proj", "cond_stage_model.visual.model.proj"),
    ("transformer.resblocks.0.ln_1.bias", "cond_stage_model.transformer.model.transformer.resblocks.0.ln_1.bias"),
    ("positional_embedding", "cond_stage_model.transformer.model.positional_embedding"),
    ("model.logit_scale", "cond_stage_model.transformer.model.logit_scale"),
    ("transformer.layers.0.0.weight", "transformer.layers.0.0.weight"),
    ("model.diffusion_model.out.0.bias", "model.diffusion_model.out.0.bias"),
    ("visualise", "visualise"),
  ])
  func openCLIPNames(_ fileKey: String, _ key: String) {
    #expect(KeyRenaming.openCLIP(fileKey) == key)
    #expect(KeyRenaming.none(fileKey) == fileKey)
  }

  @Test func theFirstFileWins() throws {
    let main = try checkpoint(
      ["model.diffusion_model.w": [2], "cond_stage_model.visual.model.proj": [3]], name: "main")
    let clip = try checkpoint(["visual.proj": [1], "visual.ln_post.bias": [4], "model.visual.proj": [5]], name: "clip")
    var source = WeightSource(main)
    source.append(clip, renaming: .openCLIP)
    #expect(
      source.keys == [
        "cond_stage_model.visual.model.ln_post.bias", "cond_stage_model.visual.model.proj", "model.diffusion_model.w",
      ])
    #expect(source["cond_stage_model.visual.model.proj"]?.file.name == "main")
    #expect(source["cond_stage_model.visual.model.ln_post.bias"]?.file.name == "clip")
    #expect(source["cond_stage_model.visual.model.ln_post.bias"]?.fileKey == "visual.ln_post.bias")
    #expect(try source.floats(of: "cond_stage_model.visual.model.ln_post.bias") == [0, 1, 2, 3])
    #expect(try source.bytes(of: "cond_stage_model.visual.model.proj").count == 12)
    #expect(source.shadowed.map(\.fileKey) == ["model.visual.proj", "visual.proj"])
    #expect(source.shadowed.allSatisfy { $0.usedFile == "main" && $0.file == "clip" })
    do throws(WeightError) { _ = try source.floats(of: "none") } catch {
      #expect(error.description.hasPrefix("main, clip: there is no tensor \"none\"."))
    }
  }
}
