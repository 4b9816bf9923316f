// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Texts on the command line, with a model that reads them.
@Suite("texts") struct TextTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func run(_ arguments: [String]) throws -> Program.Outcome { try Program.run(arguments, in: folder) }

  /// A tiny model and a text tower in files of their own.
  private func writeModel() throws {
    try TinyNetwork.write(to: folder.path("tiny.safetensors"))
    try JSONEncoder().encode(TinyNetwork.configuration).write(to: folder.url.appendingPathComponent("config.json"))
    let sizes = OpenCLIPTextConfiguration(
      vocabularySize: 49_408, contextLength: 77, width: 64, layers: 2, outputWidth: 32)
    // As OpenCLIP names them.
    let parts = try OpenCLIPTextTower.parameters(of: sizes).map {
      (key: String($0.key.dropFirst(CheckpointSection.textTower.prefix.count)), shape: $0.shape)
    }
    try SeededParameters.write(parts, to: folder.path("clip.safetensors"))
  }

  @Test("A manipulation, and once more from the picture") func manipulating() throws {
    try writeModel()
    let model = ["--model", "tiny.safetensors", "--text-encoder", "clip.safetensors"]
    let step = "target=blue hair; anchor=blonde hair; scale=9"
    #expect(try run(Folder.quick + ["-o", "plain.png"] + model).status == 0)
    let made = try run(Folder.quick + ["-o", "blue.png", "--manipulate", step, "--manipulate", "target=a hat"] + model)
    #expect(made.status == 0, "\(made.errors)")
    #expect(try Image.load(folder.path("plain.png")) != Image.load(folder.path("blue.png")))
    let stored = try #require(PNGText.read(path: folder.path("blue.png")).first { $0.key == "parameters" }).value
    #expect(stored.contains("\"target\":\"blue hair\"") && stored.contains("\"target\":\"a hat\""), "\(stored)")
    let again = try run(["again", "blue.png", "-o", "same.png"] + model)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Image.load(folder.path("same.png")) == Image.load(folder.path("blue.png")))
    let other = try run(["again", "blue.png", "-o", "other.png", "--manipulate", "target=red hair"] + model)
    #expect(other.status == 0, "\(other.errors)")
    #expect(try Image.load(folder.path("other.png")) != Image.load(folder.path("blue.png")))
    // With the tower's last block.
    let whole = try run(["again", "blue.png", "-o", "whole.png", "--text-block", "last"] + model)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(try Image.load(folder.path("whole.png")) != Image.load(folder.path("blue.png")))
    let last = ["--manipulate", step, "--manipulate", "target=a hat", "--text-block", "last"]
    #expect(try run(Folder.quick + ["-o", "last.png"] + last + model).status == 0)
    #expect(try Image.load(folder.path("last.png")) == Image.load(folder.path("whole.png")))
    let alone = try run(Folder.quick + ["-o", "alone.png", "--text-block", "last"] + model)
    #expect(
      alone.status == 2 && alone.errors.contains("--text-block is for the texts of --manipulate"), "\(alone.errors)")
    // The same in a shot, and in the published program's form.
    let shot = try run(
      ["shot", "sketch.png", "-r", "reference.png", "-o", "shot/*.png", "--manipulate"]
        + [
          "[target] blue hair; [anchor] blonde hair; [scale] 9; [enhanced] False\n[target] a hat", "--mode", "vanilla",
        ]
        + Folder.quick.dropFirst(4) + model)
    #expect(shot.status == 0, "\(shot.errors)")
    #expect(try Image.load(folder.path("shot/sketch.png")) == Image.load(folder.path("blue.png")))
  }

  @Test("Heat maps") func heatMaps() throws {
    try writeModel()
    let model = ["--model", "tiny.safetensors", "--text-encoder", "clip.safetensors"]
    let made = try run(["heat-map", "reference.png", "heat.png", "--control", "hair"] + model)
    #expect(made.status == 0 && made.output.contains("wrote heat.png (64 x 64)"), "\(made.errors)")
    #expect(try Image.load(folder.path("heat.png")).size == Image.load(folder.path("reference.png")).size)
    let json = try run(
      ["heat-map", "reference.png", "-", "--control", "hair", "--json"] + model)
    #expect(json.status == 2 && json.errors.contains("both want standard output"), "\(json.errors)")
    let report = try run(
      ["heat-map", "reference.png", "after.png", "--control", "hair", "--thresholds", "0.1,0.2,0.3,0.4", "--json"]
        + ["--manipulate", "target=blue hair"] + model
    ).json()
    #expect((report["shares"] as? [Double])?.count == 5)
    for (arguments, words) in [
      (["heat.png", "--control", "hair"], "it exists already"),
      (["reference.png", "--control", "hair", "--overwrite"], "it is one of the inputs"),
      (["x.png", "--control", "hair", "--thresholds", "0.5"], "four numbers"),
      (["x.png", "--control", " "], "a text that says"),
      (["x.txt", "--control", "hair"], ".txt"),
    ] {
      let outcome = try run(["heat-map", "reference.png"] + arguments + model)
      #expect(outcome.status == 2 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
  }

  @Test("What is wrong is told, and what to do") func faults() throws {
    try writeModel()
    func expect(_ status: Int32, _ words: String, _ arguments: [String], _ location: SourceLocation = #_sourceLocation)
      throws
    {
      let outcome = try run(Folder.quick + ["-o", "x.png"] + arguments)
      #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)", sourceLocation: location)
    }
    try expect(2, "the built-in model reads no texts", ["--manipulate", "target=blue hair"])
    try expect(
      2, "--text-encoder", ["--manipulate", "target=blue hair", "--model", "tiny.safetensors"])
    try expect(2, "--manipulate is “anchor=x”, expected target=", ["--manipulate", "anchor=x"])
    try expect(2, "--manipulate is empty", ["--manipulate", ""])
    try expect(2, "--text-encoder belongs to a checkpoint", ["--text-encoder", "clip.safetensors"])
    try expect(2, "--vocabulary belongs to a checkpoint", ["--vocabulary", "text.png"])
    let model = [
      "--model", "tiny.safetensors", "--text-encoder", "clip.safetensors", "--manipulate", "target=blue hair",
    ]
    try expect(
      3, "text.png: it has 0 merges, where the model's 49408 ids need 48894", model + ["--vocabulary", "text.png"])
    try expect(3, "none.txt: there is no such file", model + ["--vocabulary", "none.txt"])
    let heat = try run(["heat-map", "reference.png", "x.png", "--control", "hair"])
    #expect(heat.status == 2 && heat.errors.contains("the built-in model reads no texts"), "\(heat.errors)")
  }

  @Test("Random models with a text tower, converted and inspected") func models() throws {
    let made = try run(["make-random-model", "random.safetensors", "--preset", "embedded", "--text-tower"])
    #expect(made.status == 0, "\(made.errors)")
    let inspected = try run(["inspect", "random.safetensors"])
    #expect(inspected.status == 0, "\(inspected.errors)")
    #expect(inspected.output.contains("texts: a text tower of 3 layers of 64 channels"), "\(inspected.output)")
    #expect(try !run(["inspect"]).output.contains("texts:"))
    try FileManager.default.createDirectory(atPath: folder.path("converted"), withIntermediateDirectories: false)
    let converted = try run(["convert", "random.safetensors", "converted", "--dtype", "f32"])
    #expect(converted.status == 0, "\(converted.errors)")
    #expect(try run(["inspect", "converted"]).output.contains("texts: a text tower of 3 layers"))
    // The tower of a file of its own is kept as well.
    try writeModel()
    try FileManager.default.createDirectory(atPath: folder.path("both"), withIntermediateDirectories: false)
    let both = try run(
      ["convert", "tiny.safetensors", "both", "--text-encoder", "clip.safetensors", "--dtype", "f32"])
    #expect(both.status == 0, "\(both.errors)")
    let step = ["--manipulate", "target=blue hair"]
    #expect(try run(Folder.quick + ["-o", "one.png", "--model", "both"] + step).status == 0)
    #expect(
      try run(
        Folder.quick + ["-o", "other.png", "--model", "tiny.safetensors", "--text-encoder", "clip.safetensors"] + step
      ).status == 0)
    #expect(try Image.load(folder.path("one.png")) == Image.load(folder.path("other.png")))
  }
}
