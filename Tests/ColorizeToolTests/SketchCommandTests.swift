// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite("colorize sketch, and notes on inputs") struct SketchCommandTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
    // Lines as in sketch.png, faint and pink.
    let sketch = try Image.load(folder.path("sketch.png"))
    try Image(
      width: 64, height: 64, channels: 3,
      pixels: sketch.pixels.flatMap { $0 < 128 ? [255, 214, 214] : [255, 255, 255] }
    ).write(to: folder.path("pink.png"))
    try Image(width: 64, height: 64, color: [255]).write(to: folder.path("blank.png"))
    try Image(width: 64, height: 64, color: [0]).write(to: folder.path("black.png"))
  }

  private func run(_ arguments: String..., sketch: String) throws -> Program.Outcome {
    let rest = [
      "-s", sketch, "-r", "reference.png", "--size", "64", "--steps", "1", "--fill", "painting", "--lines", "network",
      "-o",
      "out.png", "--overwrite",
    ]
    return try Program.run(rest + arguments, in: folder)
  }

  @Test("What the network sees is shown") func shown() throws {
    let outcome = try Program.run(["sketch", "pink.png", "seen.png", "--size", "64"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("coloured lines made dark, lines strengthened"), "\(outcome.output)")
    #expect(outcome.output.contains("wrote seen.png (64 x 64)"))
    let seen = try Image.load(folder.path("seen.png"))
    #expect(seen.channels == 1 && seen.pixels[40 * 64 + 40] < 20 && seen.pixels[5] == 255)
    let asIs = try Program.run(
      ["sketch", "pink.png", "as-is.png", "--size", "64", "--prepare", "as-is", "--json"], in: folder)
    #expect((try asIs.json()["sketch"] as? [String: Any])?["steps"] as? [String] == [])
    #expect(try Image.load(folder.path("as-is.png")).pixels.min() ?? 0 > 200)
  }

  @Test("What is shown is what is used") func used() throws {
    #expect(try Program.run(["sketch", "pink.png", "seen.png", "--size", "64"], in: folder).status == 0)
    let faint = try run("--json", sketch: "pink.png")
    #expect(faint.errors.contains("note: the sketch's lines would hardly have been visible"), "\(faint.errors)")
    let summary = try #require(try faint.json()["summary"] as? [String: Any])
    #expect(summary["notes"] as? [String] == ["strengthenedLines"])
    #expect((summary["sketch"] as? [String: Any])?["kind"] as? String == "lines")
    let picture = try Image.load(folder.path("out.png"))
    let clean = try run("--verbose", sketch: "seen.png")
    #expect(clean.errors.contains("colorize: sketch: dark lines"), "\(clean.errors)")
    #expect(try Image.load(folder.path("out.png")) == picture)
    let asIs = try run("--prepare", "as-is", sketch: "pink.png")
    #expect(asIs.errors.contains("note: the sketch's lines will hardly be visible"), "\(asIs.errors)")
    #expect(try Image.load(folder.path("out.png")) != picture)
  }

  @Test("Nonsense is noted, once and in words") func nonsense() throws {
    func notes(_ outcome: Program.Outcome) -> [Substring] {
      outcome.errors.split(separator: "\n").filter { $0.hasPrefix("colorize: note: ") }
    }
    func expect(_ text: String, _ outcome: Program.Outcome, _ location: SourceLocation = #_sourceLocation) {
      #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
      #expect(notes(outcome).count { $0.contains(text) } == 1, "\(outcome.errors)", sourceLocation: location)
    }
    expect("no lines were found in the sketch", try run(sketch: "blank.png"))
    expect("looks like a painting", try run(sketch: "reference.png"))
    #expect(notes(try run(sketch: "sketch.png")).isEmpty)
    for (mask, text) in [("black.png", "has no figure"), ("blank.png", "is figure everywhere")] {
      expect("the sketch's mask \(text)", try run("--sketch-mask", mask, "--mode", "foreground", sketch: "sketch.png"))
      expect(
        "the reference's mask \(text)",
        try run("--sketch-mask", "mask.png", "--reference-mask", mask, sketch: "sketch.png"))
    }
    #expect(notes(try run("--quiet", sketch: "blank.png")).isEmpty)
    let steps = ["-s", "sketch.png", "-r", "reference.png", "--size", "64", "--steps", "2", "-o", "steps.png"]
    expect("made for one sampling step", try Program.run(steps, in: folder))
  }
}
