// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionVulkan
import Foundation
import Testing

@Suite("colorize subcommands") struct CommandTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  @Test("The help shows examples, options, defaults and exit codes") func helpIsComplete() throws {
    let outcome = try Program.run(["--help"], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    for text in [
      "EXAMPLES:", "SUBCOMMANDS:", "PICTURES:", "--sketch-mask <file>", "default: cpu", "EXIT STATUS:",
      "make-random-model",
    ] {
      #expect(outcome.output.contains(text), "\(text)")
    }
    #expect(try Program.run(["demo", "--help"], in: folder).output.contains("contact-sheet.png"))
    #expect(try Program.run(["--version"], in: folder).output.hasPrefix("Irodori "))
  }

  @Test("The demo writes its files") func theDemoWritesItsFiles() throws {
    let outcome = try Program.run(["demo", "-o", "demo", "--steps", "1", "--json"], in: folder)
    #expect(outcome.status == 0)
    let outputs = ["head", "lion", "cel"].map { "demo/\($0)-result.png" } + ["demo/contact-sheet.png"]
    #expect(try outcome.json()["outputs"] as? [String] == outputs)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("demo"))
    let names = ["head", "lion", "cel"].flatMap { name in
      ["sketch", "reference", "painting", "result"].map { "\(name)-\($0).png" }
    }
    #expect(Set(files) == Set(names + ["cel-sketch-mask.png", "cel-reference-mask.png", "contact-sheet.png"]))
    // A result is as large as its sketch, and so is what the network painted.
    for name in ["head", "lion", "cel"] {
      let sizes = try ["sketch", "painting", "result"].map {
        try Image.load(folder.path("demo/\(name)-\($0).png")).size
      }
      #expect(Set(sizes).count == 1)
    }
    let sheet = try Image.load(folder.path("demo/contact-sheet.png"))
    #expect(sheet.height == 3 * 384 + 16)
    #expect(sheet.width == 4 * 384 + 24)
  }

  @Test("The sample decodes") func theSampleDecodes() throws {
    let (sketch, reference) = (try Sample.sketch(), try Sample.reference())
    #expect(sketch.width == 256 && reference.width == 256 && sketch.detectedPolarity == .darkOnLight)
    #expect(try Sample.sketchMask().width == 256)
    #expect(try Sample.referenceMask().values.contains(1))
  }

  @Test("Devices are listed") func devicesAreListed() throws {
    let outcome = try Program.run(["devices"], in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("cpu: ") && outcome.output.contains("threads"))
  }

  @Test("A check tells of each operation and set of kernels, and gives a verdict") func checksADevice() throws {
    let outcome = try Program.run(
      ["devices", "cpu:1", "--check", "--operations", "read,makeBuffer(mapping:),linear", "--json"], in: folder)
    #expect(outcome.status == 0)
    let lines = try outcome.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let sets = try #require(lines.first?["kernels"] as? [String])
    #expect(lines.first?["device"] as? String == "cpu" && sets.contains("portable"))
    let members = lines.filter { $0["member"] != nil }
    let full = sets.filter { !$0.hasPrefix("a") || !$0.contains("bf16") && $0 != "amx" }
    // One line for each operation that a set has: those of bf16 have only products.
    #expect(members.count == 3 * full.count + (sets.count - full.count))
    #expect(members.allSatisfy { $0["failed"] as? Int == 0 && ($0["cases"] as? Int ?? 0) > 0 })
    #expect(lines.filter { $0["verdict"] as? String == "passed" }.count == sets.count + 1)
    #expect(lines.last?["cases"] as? Int == members.compactMap { $0["cases"] as? Int }.reduce(0, +))

    let details = try Program.run(["devices", "cpu"], in: folder)
    #expect(details.status == 0 && details.output.contains("bf16"))
    for wrong in [
      ["devices", "--check", "cpu", "--kernels", "mmx"], ["devices", "--check", "cpu", "--operations", "linear,none"],
      ["devices", "--check", "cpu", "--kernels", "avx512bf16", "--operations", "fill"],
      ["devices", "--check", "tpu"], ["devices", "--large"], ["devices", "--check", "cpu", "--time-limit", "-1"],
    ] {
      #expect(try Program.run(wrong, in: folder).status == 2, "\(wrong)")
    }
  }

  @Test("A check that time is too short for is incomplete") func incompleteCheck() throws {
    let outcome = try Program.run(["devices", "--check", "cpu:1", "--time-limit", "0.000001"], in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("time was up before") && outcome.output.contains("verdict: incomplete"))
  }

  @Test(
    "A device that is lost or hangs during a check is told",
    .enabled(if: (try? VulkanDevice.all.contains { $0.obstacle == nil }) == true, "no usable Vulkan device"),
    arguments: ["loss", "hang"])
  func lostDeviceIsTold(fault: String) throws {
    let outcome = try Program.run(
      ["devices", "--check", "vulkan", "--operations", "fill,copy,binary", "--case-limit", "5"], in: folder,
      environment: ["IRODORI_VULKAN_FAULT": "\(fault):700"])
    #expect(outcome.status == 1)
    // The first operations were told, the one in which it happened is named.
    #expect(outcome.output.contains("pass  fill"))
    #expect(outcome.output.contains(fault == "loss" ? "device was lost" : "no answer for 5 s in copy"))
    #expect(outcome.output.contains("in copy") && outcome.output.contains("verdict: FAILED"))
  }

  @Test("A profile tells what each operation took") func profileIsComplete() throws {
    let outcome = try Program.run(["profile", "--steps", "3", "--size", "64", "--json", "--quiet"], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let sections = try #require(try outcome.json()["sections"] as? [[String: Any]])
    #expect(
      sections.compactMap { $0["name"] as? String } == [
        "loading", "encodingReference", "encodingSketch", "firstStep", "step", "decoding",
      ])
    let step = try #require(sections.first { $0["name"] as? String == "step" })
    #expect(step["runs"] as? Int == 2)
    let operations = try #require(step["operations"] as? [[String: Any]])
    let convolution = try #require(operations.first { $0["operation"] as? String == "convolution" })
    // Two in each of 17 blocks, two that halve, two that double, one at each end.
    #expect(convolution["calls"] as? Double == 17 * 2 + 2 + 2 + 2 && (convolution["gigaflops"] as? Double ?? 0) > 0)
    let shares = operations.compactMap { $0["share"] as? Double }.reduce(0, +)
    #expect(abs(shares - 1) < 1e-6)
    #expect(try Program.run(["profile", "--steps", "1"], in: folder).status == 2)
  }

  @Test("The embedded model is complete") func theEmbeddedModelIsComplete() throws {
    let outcome = try Program.run(["inspect"], in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("The weights fit the model"))
    #expect(outcome.output.contains("low-rank branches"))
  }

  @Test("A random model is complete and makes pictures") func randomModelIsComplete() throws {
    try folder.writeInputs()
    let made = try Program.run(
      ["make-random-model", "random.safetensors", "--preset", "embedded", "--dtype", "bf16"], in: folder)
    #expect(made.status == 0)
    let inspected = try Program.run(["inspect", "random.safetensors"], in: folder)
    #expect(inspected.status == 0 && inspected.output.contains("BF16"))
    let outcome = try Program.run(
      Folder.quick + ["-o", "out.png", "--model", "random.safetensors", "--json"], in: folder)
    #expect(outcome.status == 0)
    #expect(try outcome.json()["outputs"] as? [String] == ["out.png"])
  }

  @Test("A converted model is the same model") func convertedModelIsTheSame() throws {
    try folder.writeInputs()
    try FileManager.default.createDirectory(atPath: folder.path("made"), withIntermediateDirectories: false)
    try FileManager.default.createDirectory(atPath: folder.path("exact"), withIntermediateDirectories: false)
    #expect(
      try Program.run(["make-random-model", "made", "--preset", "embedded", "--dtype", "f32"], in: folder).status == 0)
    let exact = try Program.run(["convert", "made", "exact/m.safetensors", "--dtype", "f32"], in: folder)
    #expect(exact.status == 0 && exact.output.contains("wrote exact/m.safetensors"))
    for model in ["made", "exact/m.safetensors"] {
      let picture = model.replacingOccurrences(of: "/", with: "-") + ".png"
      #expect(try Program.run(Folder.quick + ["-o", picture, "--model", model], in: folder).status == 0)
    }
    #expect(
      try Image.load(folder.path("made.png")).pixels == Image.load(folder.path("exact-m.safetensors.png")).pixels)

    let halved = try Program.run(["convert", "made", "half.safetensors", "--prediction", "eps"], in: folder)
    #expect(halved.status == 0)
    let inspected = try Program.run(["inspect", "half.safetensors"], in: folder)
    #expect(inspected.status == 0 && inspected.output.contains("F16") && inspected.output.contains("predicts eps"))
    let size = { try FileManager.default.attributesOfItem(atPath: folder.path($0))[.size] as? Int ?? 0 }
    #expect(try abs(size("made/model.safetensors") - 2 * size("half.safetensors")) < 1 << 20)
  }

  @Test("What an element type cannot hold is refused") func whatCannotBeConvertedIsRefused() throws {
    #expect(
      try Program.run(["make-random-model", ".", "--preset", "embedded", "--dtype", "f32"], in: folder).status == 0)
    var bytes = try Data(contentsOf: folder.url.appendingPathComponent("model.safetensors"))
    // The last tensor's last number.
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: Float(1e6).bitPattern.littleEndianBytes)
    try bytes.write(to: folder.url.appendingPathComponent("model.safetensors"))
    let outcome = try Program.run(["convert", ".", "half.safetensors"], in: folder)
    #expect(outcome.status == 3 && outcome.errors.contains("1000000.0, which is no number in f16"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("half.safetensors")))
    #expect(try Program.run(["convert", ".", "wide.safetensors", "--dtype", "bf16"], in: folder).status == 0)
    // What is rounded to the largest number is no fault; halfway to the next one is infinity.
    for (value, last) in [(Float(65_519.996), UInt16(0x7BFF)), (-65_505, 0xFBFF), (65_520, 0), (-65_520, 0)] {
      bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: value.bitPattern.littleEndianBytes)
      try bytes.write(to: folder.url.appendingPathComponent("model.safetensors"))
      let outcome = try Program.run(["convert", ".", "half.safetensors", "--overwrite"], in: folder)
      #expect(outcome.status == (last == 0 ? 3 : 0), "\(value): \(outcome.errors)")
      guard last != 0 else { continue }
      let half = try Data(contentsOf: folder.url.appendingPathComponent("half.safetensors"))
      #expect(half.suffix(2) == Data([UInt8(last & 0xFF), UInt8(last >> 8)]), "\(value)")
    }
  }

  @Test("What cannot be inspected is told") func whatCannotBeInspectedIsTold() throws {
    try folder.writeInputs()
    let missing = try Program.run(["inspect", "none"], in: folder)
    #expect(missing.status == 2 && missing.errors.contains("none: there is no such file"))
    let plain = try Program.run(["inspect", "mask.png"], in: folder)
    #expect(plain.status == 2 && plain.errors.contains("holds no options"))
    try Data("{}".utf8).write(to: folder.url.appendingPathComponent("config.json"))
    try Data([1, 2, 3]).write(to: folder.url.appendingPathComponent("m.safetensors"))
    #expect(try Program.run(["inspect", "m.safetensors"], in: folder).status == 3)
    let foreign = try Program.run(["make-random-model", "new.safetensors", "--preset", "embedded"], in: folder)
    #expect(foreign.status == 2 && foreign.errors.contains("describes another model"))
  }
}

extension UInt32 {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
