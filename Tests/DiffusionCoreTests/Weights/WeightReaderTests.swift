// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct WeightReaderTests {
  private func mismatch(_ reader: WeightReader, sourceLocation: SourceLocation = #_sourceLocation) -> LoadReport {
    do throws(WeightError) {
      try reader.finish()
      Issue.record("the weights fitted", sourceLocation: sourceLocation)
    } catch {
      if case .mismatch(let report) = error {
        #expect(error.description == report.description, sourceLocation: sourceLocation)
        return report
      }
      Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
    return LoadReport()
  }

  @Test func aModelThatFits() throws {
    let file = try checkpoint([
      "unet.in.0.1.weight": [2, 3], "unet.in.0.1.bias": [2], "unet.in.1.w": [1], "unet.in.3.w": [1], "betas": [4],
      "model_ema.w": [1], "model_ema.decay": [],
    ])
    let root = WeightReader(WeightSource(file))
    let unet = root["unet"]
    let weight = try unet["in"][0][1].take("weight", shape: [2, 3])
    #expect(weight.key == "unet.in.0.1.weight" && weight.shape == [2, 3] && !weight.isPlaceholder)
    #expect(weight.floats() == [0, 1, 2, 3, 4, 5] && weight.bytes.count == 24 && weight.dtype == .f32)
    _ = try (unet / "in" / 0 / 1).take("bias", shape: [2])
    #expect(unet["in"].childCount == 2)
    #expect(unet["in"][0].has("1") && unet.has("in.1.w") && !unet.has("in.2") && !unet.has("i") && root.has("unet"))
    #expect(unet["in.1"].shape(of: "w") == [1] && unet.shape(of: "in") == nil)
    _ = try unet["in.1.w"].take("", shape: [1])
    #expect(try unet.takeIfPresent("in.9.w", shape: [1]) == nil)
    #expect(try unet.takeIfPresent("in.3.w", shape: [1]) != nil)
    root.ignore(UnusedPart.scheduleBuffers)
    root.ignore(UnusedPart.trainingState)
    let report = try unet.finish()
    #expect(report.isComplete && report.loadedCount == 4 && report.parameterCount == 10 && report.loadedBytes == 40)
    #expect(report.ignored.map(\.key) == ["betas", "model_ema.decay", "model_ema.w"])
    #expect(
      report.description == """
        The weights fit the model: 4 tensors, 10 parameters, 40 bytes loaded.
        ignored (3):
          1: schedule buffers, computed anew
          2: moving averages, used in training only
        """)
  }

  @Test func allFaultsAreToldAtOnce() throws {
    let data = littleEndian([0, .infinity, .nan, 1] as [Float]) + [UInt8](repeating: 0, count: 16)
    let header =
      "{\(entry("bad", "F32", "[4]", "[0,16]")),\(entry("count", "I64", "[]", "[16,24]")),"
      + "\(entry("wide", "F32", "[1,2]", "[24,32]"))}"
    let other = try checkpoint(["extra": [2, 2], "bad": [1]], name: "other")
    var source = WeightSource(try open(image(header, data)))
    source.append(other)
    let reader = WeightReader(source)
    #expect(try !reader.take("bad", shape: [4]).isPlaceholder)
    let count = try reader.take("count", shape: [])
    #expect(count.isPlaceholder && count.floats() == [0])
    let wide = try reader.take("wide", shape: [2, 1])
    #expect(wide.isPlaceholder && wide.shape == [2, 1] && wide.floats() == [0, 0])
    let gone = try reader["z"].take("gone", shape: [0, 3])
    #expect(gone.isPlaceholder && gone.floats().isEmpty)
    // Shared weights are taken twice and told of once.
    _ = try reader["z"].take("gone", shape: [0, 3])
    #expect(
      mismatch(reader).description == """
        The weights do not fit the model: 1 tensors, 4 parameters, 16 bytes loaded.
        hint: numbers of type I64 cannot be read, but F32, F16, BF16 and F64; get the model in F16
        missing (1):
          z.gone [0, 3]
        of another shape or type (2):
          count: expected [], found [] I64 in m.safetensors
          wide: expected [2, 1], found [1, 2] F32 in m.safetensors
        not finite (1):
          bad: element 1 in m.safetensors
        unexpected (1):
          extra [2, 2] in other
        in two files, that of the index is used, else the first (1):
          bad: from m.safetensors, not from other
        """)
  }

  @Test func longListsAreCutAndCounted() throws {
    let reader = WeightReader(WeightSource())
    for index in 0..<25 { _ = try reader[index].take("w", shape: [index]) }
    let text = mismatch(reader).description
    #expect(text.contains("missing (25):") && text.contains("  ... and 5 more"))
    #expect(text.split(separator: "\n").filter { $0.hasSuffix("]") }.count == 20)
  }

  @Test func theCheckForFiniteWeightsCanBeLeftOut() throws {
    let file = try open(image("{\(entry("w"))}", littleEndian([Float.nan])))
    let reader = WeightReader(WeightSource(file), checksFinite: false)
    _ = try reader.take("w", shape: [1])
    #expect(try reader.finish().nonFinite.isEmpty)
  }

  @Test(arguments: [[-1], [Int.max], [1 << 32, 1 << 32], [1 << 62]])
  func impossibleShapes(_ shape: [Int]) throws {
    let reader = WeightReader(WeightSource(try checkpoint(["w": [1]])))
    for name in ["w", "none"] {
      do throws(WeightError) {
        _ = try reader.take(name, shape: shape)
        Issue.record("accepted \(shape)")
      } catch { #expect(error.description.contains("\"\(name)\": the model asks for the impossible shape \(shape)")) }
    }
  }

  @Test func placeholdersOfAnySizeCostNoMemory() throws {
    let reader = WeightReader(WeightSource())
    let entry = try reader.take("w", shape: [1 << 19, 1 << 16])
    #expect(entry.elementCount == 1 << 35)
    #expect(entry.bytes.withUnsafeBytes { $0[0] == 0 && $0[$0.count - 1] == 0 })
  }

  @Test func prefixesEndAtDots() throws {
    let reader = WeightReader(WeightSource(try checkpoint(["betas": [1], "betas_x": [1], "a.b.c": [1], "a.bc": [1]])))
    reader.ignore(prefix: "betas", reason: "r")
    reader["a"].ignore(prefix: "b.", reason: "r")
    #expect(mismatch(reader).unexpected.map(\.key) == ["a.bc", "betas_x"])
    reader["a"].ignore(prefix: "", reason: "r")
    #expect(mismatch(reader).unexpected.map(\.key) == ["betas_x"])
  }

  @Test func hints() throws {
    let lora = "model.diffusion_model.attn2.to_q.lora_up_fg.weight"
    let reader = WeightReader(WeightSource(try checkpoint(["model.diffusion_model.w": [1], "vision_model.w": [1]])))
    _ = try reader.take("model.diffusion_model.w", shape: [1])
    for key in [
      lora, "cond_stage_model.visual.model.proj", "first_stage_model.quant_conv.bias", "transformer.embedding",
    ] {
      _ = try reader.take(key, shape: [1])
    }
    #expect(
      mismatch(reader).hints == [
        "no file carries a VAE: give a checkpoint that was exported whole",
        "no file carries an image encoder: give an OpenCLIP ViT-H/14 file as well",
        "no file carries the background recovery transformer, but one carries other weights of the mask modes: give a "
          + "checkpoint that was exported whole, or for vanilla mode one without any of them",
        "no file carries the LoRA branches of the split cross-attention, but one carries other weights of the mask "
          + "modes: give a checkpoint that was exported whole, or for vanilla mode one without any of them",
        "a file holds an image encoder in the naming of Transformers: give the one in OpenCLIP's naming",
      ])
    // One missing weight of a part that is there is damage, and no part to be fetched elsewhere.
    let partial = WeightReader(WeightSource(try checkpoint(["first_stage_model.a": [1]])))
    _ = try partial.take("first_stage_model.b", shape: [1])
    #expect(mismatch(partial).hints.isEmpty)
  }

  @Test func readersCanBeUsedConcurrently() async throws {
    let keys = (0..<200).map { "t.\($0)" }
    let members = keys.enumerated().map { entry($1, "F32", "[1]", "[\(4 * $0),\(4 * $0 + 4)]") }
    let file = try open(image("{\(members.joined(separator: ","))}", [UInt8](repeating: 0, count: 800)))
    let reader = WeightReader(WeightSource(file))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<200 { group.addTask { _ = try reader["t"].take("\(index)", shape: [1]) } }
      try await group.waitForAll()
    }
    #expect(try reader.finish().loadedCount == 200)
  }

  @Test func hostileKeysAndShapes() throws {
    let dots = String(repeating: ".", count: 200_000)
    let ones = "[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]"
    let members = [entry("a" + dots, "F32", "[0]", "[0,0]"), entry("b\\u001b[2J", "F32", ones, "[0,4]")]
    let reader = WeightReader(WeightSource(try open(image("{\(members.joined(separator: ","))}", [0, 0, 0, 0]))))
    #expect(reader.has("a") && reader.has("a..") && !reader.has("b") && reader.has("") && reader.childCount == 0)
    let text = mismatch(reader).description
    #expect(text.utf8.count < 600, "\(text)")
    #expect(text.contains("1, ... 1000 dimensions]") && text.contains("b\\u{1B}[2J"), "\(text)")
  }
}
