// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// `--lora`, as a user has it.
@Suite("colorize with additions") struct LoRAToolTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try Sample.sketch().write(to: folder.path("s.png"))
    try Sample.reference().write(to: folder.path("r.png"))
    try Sample.sketchMask().image.write(to: folder.path("sm.png"))
    try Sample.referenceMask().image.write(to: folder.path("rm.png"))
    try write("a.safetensors", metadata: [:])
  }

  /// Branches for all modules of the built-in model.
  func write(_ name: String, metadata: [String: String], drop: String? = nil) throws {
    var tensors: [(key: String, shape: [Int], values: [Float])] = []
    for (key, shape) in try ColorizationNetwork.parameters(of: Model.embedded().configuration)
    where key.contains(".lora_") && key.contains("_fg.") && key != drop {
      let shape: Shape = key.contains("_down_") ? [2, shape[1]] : [shape[0], 2]
      tensors.append((key, shape.extents, SeededParameters.values(key, shape: shape)))
    }
    let writer = try SafetensorsWriter(
      path: folder.path(name), tensors: tensors.map { .init(key: $0.key, dtype: .f32, shape: $0.shape) },
      metadata: metadata)
    for tensor in tensors { try tensor.values.withUnsafeBytes { try writer.write(tensor.key, $0) } }
    try writer.finish()
  }

  func run(_ output: String, _ options: [String]) throws -> Program.Outcome {
    try Program.run(
      [
        "-s", "s.png", "-r", "r.png", "--sketch-mask", "sm.png", "--reference-mask", "rm.png", "-o", output,
        "--fill", "painting", "--quiet",
      ] + options, in: folder)
  }

  func pixels(_ name: String) throws -> [UInt8] { try Image.load(folder.path(name)).pixels }

  @Test func convertPutsInWhatRunAdds() throws {
    let added = ["--lora", "a.safetensors=0.5", "--lora=a.safetensors=0.25"]
    #expect(try run("plain.png", []).status == 0)
    #expect(try run("added.png", added).status == 0)
    #expect(try run("none.png", ["--lora", "a.safetensors=0"]).status == 0)
    #expect(try pixels("added.png") != pixels("plain.png"))
    #expect(try pixels("none.png") == pixels("plain.png"))
    let model = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/CEmbeddedModel/data/model.safetensors").standardizedFileURL.path
    try FileManager.default.createDirectory(atPath: folder.path("m"), withIntermediateDirectories: true)
    let converted = try Program.run(["convert", model, "m", "--dtype", "f32", "--quiet"] + added, in: folder)
    #expect(converted.status == 0, "\(converted.errors)")
    // A model has branches of its own, and is no addition for that.
    let twice = try run("twice.png", ["--lora", "m/model.safetensors"])
    #expect(
      twice.status == 3 && twice.errors.contains("this is a whole model, not additions to one"), "\(twice.errors)")
    #expect(try run("merged.png", ["--model", "m"]).status == 0)
    #expect(try pixels("merged.png") == pixels("added.png"))
    // A picture knows what it was made with.
    let again = try Program.run(["again", "added.png", "-o", "again.png", "--quiet"], in: folder)
    #expect(again.status == 2 && again.errors.contains("--lora"))
    #expect(try Program.run(["again", "added.png", "-o", "again.png", "--quiet"] + added, in: folder).status == 0)
    #expect(try pixels("again.png") == pixels("added.png"))
  }

  @Test func faultsAreTold() throws {
    let key = try #require(
      ColorizationNetwork.parameters(of: Model.embedded().configuration).first {
        $0.key.hasSuffix(".lora_up_fg.weight")
      }
    ).key
    try write("half.safetensors", metadata: [:], drop: key)
    let half = try run("x.png", ["--lora", "half.safetensors"])
    #expect(half.status == 3 && half.errors.contains(key))
    #expect(try run("x.png", ["--lora", "none.safetensors"]).status == 3)
    #expect(try run("x.png", ["--lora", "s.png"]).status == 3)
    for scale in ["nan", "inf", "", "much"] {
      let refused = try run("x.png", ["--lora", "a.safetensors=\(scale)"])
      #expect(refused.status == 2 && refused.errors.contains("expected a number from -100 to 100"), "\(scale)")
    }
    let idle = try Program.run(
      ["-s", "s.png", "-r", "r.png", "-o", "x.png", "--mode", "vanilla", "--lora", "a.safetensors"], in: folder)
    #expect(idle.status == 0 && idle.errors.contains("does not use a.safetensors"))
  }

  @Test func inspectSaysWhatItIs() throws {
    let bare = try Program.run(["inspect", "a.safetensors"], in: folder)
    #expect(bare.status == 0 && bare.output.contains("foreground 2, background none"))
    #expect(bare.output.contains("does not say how it was trained"))
    let record =
      #"{"batch":4,"data":"heroine","foregroundRank":2,"heldOut":3,"loss":0.25,"model":"embedded","modelFingerprint":"0","parts":["lora-foreground"],"pictures":30,"rate":0.001,"resolution":256,"seed":7,"software":"Irodori 0","steps":100}"#
    try write("b.safetensors", metadata: ["training": record])
    let told = try Program.run(["inspect", "b.safetensors"], in: folder).output
    for text in [
      "30 pictures of heroine, 3 held out", "lora-foreground", "100 steps of 4 at 256 x 256", "seed 7",
      "another version",
    ] {
      #expect(told.contains(text), "\(text)")
    }
  }
}
