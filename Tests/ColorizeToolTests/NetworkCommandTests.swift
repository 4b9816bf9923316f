// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Networks that find lines and figures, from the command line; a small one of pix2pix's kind.
@Suite("--extractor and --segmenter") struct NetworkCommandTests {
  let folder: Folder

  private struct Case: Decodable {}

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
    let recorded = try GoldenSet.own.decode(FormulaCases<Case>.self, from: "extractors_cases")
    try recorded.parameters("lineart.small", on: ShapeOnlyBackend()).write(
      to: folder.path("net.safetensors"), prefix: "module.")
  }

  private static let quick = [
    "-s", "sketch.png", "-r", "reference.png", "--size", "64", "--steps", "1", "--fill", "painting", "--lines",
    "network",
  ]

  @Test("colorize sketch shows the lines that the network finds") func sketch() throws {
    let outcome = try Program.run(
      ["sketch", "sketch.png", "seen.png", "--size", "64", "--extractor", "net.safetensors"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("found by Anime2Sketch"), "\(outcome.output)")
    #expect(outcome.errors.contains("finding lines with Anime2Sketch"), "\(outcome.errors)")
    let without = try Program.run(
      ["sketch", "sketch.png", "plain.png", "--size", "64", "--prepare", "extract"], in: folder)
    #expect(without.status == 0)
    #expect(try Image.load(folder.path("seen.png")) != Image.load(folder.path("plain.png")))
  }

  @Test("A file that is not there is an input that is missing") func missing() throws {
    for (option, more) in [
      ("--extractor", []), ("--segmenter", ["--mode", "full"]), ("--sketch-segmenter", ["--masks", "auto"]),
    ] {
      let outcome = try Program.run(
        Self.quick + [option, "none.pth", "-o", "out.png"] + more, in: folder)
      #expect(
        outcome.status == 2 && outcome.errors.contains("\(option) none.pth: there is no such file"), "\(outcome.errors)"
      )
    }
  }

  @Test("A run takes them, says so, and again repeats it") func runs() throws {
    let run = try Program.run(
      Self.quick + ["--extractor", "net.safetensors", "-o", "out.png", "--json"], in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    let networks = try #require(report["networks"] as? [[String: Any]])
    #expect(networks.count == 1 && networks[0]["network"] as? String == "Anime2Sketch")
    #expect(networks[0]["task"] as? String == "lines" && networks[0]["file"] as? String == "net.safetensors")
    #expect((networks[0]["estimatedMemoryBytes"] as? Int ?? 0) > 1 << 20)
    let sketch = try #require((report["summary"] as? [String: Any])?["sketch"] as? [String: Any])
    #expect(sketch["network"] as? String == "Anime2Sketch")
    let again = try Program.run(["again", "out.png", "-o", "again.png", "--verbose"], in: folder)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("finding lines with Anime2Sketch took"), "\(again.errors)")
    #expect(try Image.load(folder.path("again.png")) == Image.load(folder.path("out.png")))
    let plain = try Program.run(Self.quick + ["-o", "plain.png"], in: folder)
    #expect(plain.status == 0)
    #expect(try Image.load(folder.path("plain.png")) != Image.load(folder.path("out.png")))
    try FileManager.default.moveItem(atPath: folder.path("net.safetensors"), toPath: folder.path("moved.safetensors"))
    let lost = try Program.run(["again", "out.png", "-o", "lost.png"], in: folder)
    #expect(lost.status == 2 && lost.errors.contains("--extractor"), "\(lost.errors)")
    let found = try Program.run(
      ["again", "out.png", "-o", "found.png", "--extractor", "moved.safetensors"], in: folder)
    #expect(found.status == 0, "\(found.errors)")
  }

  @Test("A shot does the same for every frame, and knows the network") func shot() throws {
    let sketch = folder.path("sketch.png")
    for name in ["a-0001.png", "a-0002.png"] {
      try FileManager.default.copyItem(atPath: sketch, toPath: folder.path(name))
    }
    let line = [
      "shot", "a-####.png", "-r", "reference.png", "-o", "out-####.png", "--size", "64", "--steps", "1", "--fill",
      "painting",
      "--lines", "network",
    ]
    let first = try Program.run(line + ["--extractor", "net.safetensors"], in: folder)
    #expect(first.status == 0, "\(first.errors)")
    let single = try Program.run(
      Self.quick + ["--extractor", "net.safetensors", "-o", "single.png"], in: folder)
    #expect(single.status == 0)
    #expect(try Image.load(folder.path("single.png")) == Image.load(folder.path("out-0001.png")))
    let second = try Program.run(line + ["--extractor", "net.safetensors", "--dry-run"], in: folder)
    #expect(second.output.contains("2 frames, 0 to do"), "\(second.output)")
    let without = try Program.run(line + ["--dry-run"], in: folder)
    #expect(without.output.contains("2 frames, 2 to do"), "\(without.output)")
  }

  @Test("inspect says what a network's file is") func inspect() throws {
    let outcome = try Program.run(["inspect", "net.safetensors"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("network: Anime2Sketch, which finds lines"), "\(outcome.output)")
    #expect(outcome.output.contains("it is used with --extractor"))
  }

  @Test(
    "What does not belong together is refused",
    arguments: [
      (["--extractor", "net.safetensors", "--prepare", "as-is"], 2, "leave one out"),
      (["--extractor", "reference.png"], 3, "--extractor reference.png"),
      (["--extractor", "none.pth"], 2, "none.pth"),
      (["--segmenter", "net.safetensors"], 3, "it holds Anime2Sketch, which finds lines; give it with --extractor"),
      (["--model", "net.safetensors"], 3, "give it as the extractor"),
    ])
  func refusals(arguments: [String], status: Int, words: String) throws {
    let outcome = try Program.run(Self.quick + arguments + ["-o", "out.png"], in: folder)
    #expect(Int(outcome.status) == status, "\(outcome.errors)")
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.png")))
  }

  @Test("A mask by a network needs its file") func masks() throws {
    let none = try Program.run(["mask", "sketch.png", "found.png", "--method", "network"], in: folder)
    #expect(none.status == 2 && none.errors.contains("--segmenter"), "\(none.errors)")
    let both = try Program.run(
      ["mask", "sketch.png", "found.png", "--method", "lines", "--segmenter", "net.safetensors"], in: folder)
    #expect(both.status == 2 && both.errors.contains("leave one out"), "\(both.errors)")
    let wrong = try Program.run(["mask", "sketch.png", "found.png", "--segmenter", "net.safetensors"], in: folder)
    #expect(wrong.status == 3 && wrong.errors.contains("give it with --extractor"), "\(wrong.errors)")
  }
}
