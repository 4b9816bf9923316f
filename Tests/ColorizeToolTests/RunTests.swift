// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite("colorize run") struct RunTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func run(_ arguments: String..., output: String = "out.png") throws -> Program.Outcome {
    try Program.run(Folder.quick + ["-o", output] + arguments, in: folder)
  }

  @Test("The result has the sketch's size and holds the options") func resultHoldsOptions() throws {
    let outcome = try run("--seed", "5")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("wrote out.png (64 x 64)"))
    let image = try Image.load(folder.path("out.png"))
    #expect(image.width == 64 && image.height == 64 && image.channels == 3)

    let texts = Dictionary(try PNGText.read(path: folder.path("out.png")).map { ($0.key, $0.value) }) { $1 }
    #expect(texts["Software"]?.hasPrefix("Irodori ") == true)
    let parameters = try #require(texts["parameters"])
    let stored = try #require(try JSONSerialization.jsonObject(with: Data(parameters.utf8)) as? [String: Any])
    #expect(stored["seed"] as? Int == 5)
    #expect(stored["steps"] as? Int == 1)
    #expect(stored["model"] as? String == "embedded")
    #expect(stored["mode"] as? String == "vanilla")
    #expect((stored["inputs"] as? [String: Any])?["sketch"] as? String == "sketch.png")
    // What suits the model, since the command names none.
    let defaults = try Model.embedded().configuration.sampling
    #expect(stored["sampler"] as? String == defaults.sampler.name)
    #expect((stored["guidance"] as? [String: Any])?["reference"] as? Double == defaults.guidance)
    // What a program would read to make the picture again.
    let settings = try JSONDecoder().decode(ColorizeSettings.self, from: Data(parameters.utf8))
    #expect(settings.seed == 5 && settings.size == 64 && settings.polarity == .darkOnLight)

    let inspected = try Program.run(["inspect", "out.png"], in: folder)
    #expect(inspected.status == 0 && inspected.output.contains("\"seed\" : 5"))
  }

  @Test("The same seed gives the same bytes, another one others") func seedsDecide() throws {
    for (name, seed) in [("a.png", "1"), ("b.png", "1"), ("c.png", "2")] {
      #expect(try run("--seed", seed, "--quiet", output: name).status == 0)
    }
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }
    #expect(try bytes("a.png") == bytes("b.png"))
    #expect(try Image.load(folder.path("a.png")).pixels != Image.load(folder.path("c.png")).pixels)
  }

  @Test("JSON is one object on standard output") func jsonIsOneObject() throws {
    let outcome = try Program.run(["run"] + Folder.quick + ["-o", "out.png", "--json"], in: folder)
    #expect(outcome.status == 0)
    let report = try outcome.json()
    #expect(report["outputs"] as? [String] == ["out.png"])
    #expect(report["version"] is String)
    #expect((report["seconds"] as? Double ?? 0) > 0)
    #expect((report["peakMemoryBytes"] as? Int ?? 0) > 1 << 20)
    let summary = try #require(report["summary"] as? [String: Any])
    #expect(summary["seeds"] as? [Int] == [0])
    #expect((summary["settings"] as? [String: Any])?["mode"] as? String == "vanilla")
    #expect((report["options"] as? [String: Any])?["referenceStrength"] as? Double == 1)
    #expect(outcome.errors.contains("colorize: sampling"))
    #expect(!outcome.errors.contains("\u{1B}"), "no escape sequences where there is no terminal")
  }

  @Test("All notes stand in the report, also where they are not shown") func notesInJSON() throws {
    for quiet in [[], ["--quiet"]] {
      let outcome = try Program.run(
        Folder.quick + ["-o", "out.png", "--json", "--overwrite", "--sketch-mask", "mask.png"] + quiet, in: folder)
      let notes = try #require(try outcome.json()["notes"] as? [String])
      #expect(notes == ["mode vanilla does not use the sketch's mask"])
      #expect(outcome.errors.contains("colorize: note: \(notes[0])") == quiet.isEmpty, "\(outcome.errors)")
    }
  }

  @Test("Several pictures are numbered and each has its seed") func severalPicturesAreNumbered() throws {
    let outcome = try run("--count", "2", "--seed", "7", "--json")
    #expect(outcome.status == 0)
    #expect(try outcome.json()["outputs"] as? [String] == ["out-1.png", "out-2.png"])
    let files = try folder.files()
    #expect(files.contains("out-1.png") && files.contains("out-2.png") && !files.contains("out.png"))
    let second = try PNGText.read(path: folder.path("out-2.png")).first { $0.key == "parameters" }
    #expect(second?.value.contains("\"seed\":8") == true)
  }

  @Test("Both masks choose the full mode") func bothMasksChooseTheFullMode() throws {
    let outcome = try run("--sketch-mask", "mask.png", "--reference-mask", "mask.png", "--json")
    #expect(outcome.status == 0)
    #expect((try outcome.json()["options"] as? [String: Any])?["mode"] as? String == "full")
  }

  @Test("Both masks choose what the model can do") func bothMasksChooseWhatTheModelCanDo() throws {
    try folder.writeVanillaModel()
    let arguments = ["--sketch-mask", "mask.png", "--reference-mask", "mask.png", "--model", "vanilla.safetensors"]
    let outcome = try Program.run(Folder.quick + arguments + ["-o", "out.png", "--json"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect((try outcome.json()["options"] as? [String: Any])?["mode"] as? String == "vanilla")
    #expect(outcome.errors.contains("mode vanilla does not use the sketch's mask and the reference's mask"))
    #expect(try Program.run(["inspect", "vanilla.safetensors"], in: folder).output.contains("modes: vanilla\n"))
  }

  @Test("A mask that is not used is noted") func unusedMaskIsNoted() throws {
    let outcome = try run("--sketch-mask", "mask.png")
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("note: mode vanilla does not use the sketch's mask"))
  }

  @Test("Masks come from alpha channels where asked for") func masksComeFromAlpha() throws {
    let outcome = try Program.run(
      [
        "-s", "cut-out.png", "-r", "cut-out.png", "--size", "64", "--steps", "1", "-o", "o.png", "--alpha-masks",
        "--json",
      ],
      in: folder)
    #expect(outcome.status == 0)
    #expect((try outcome.json()["options"] as? [String: Any])?["mode"] as? String == "full")
  }

  @Test("Previews, a random seed, levels and JPEG") func previewsAndOtherOptions() throws {
    let outcome = try Program.run(
      Folder.quick([
        "--steps", "2", "-o", "out.jpg", "--previews", "1", "--seed", "random", "--strength-level", "encoder=0.5",
        "--guidance-interval", "0", "0.8", "--verbose",
      ]), in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("seed: "))
    #expect(outcome.errors.contains("The weights fit the model"))
    let files = try folder.files()
    #expect(files.contains("out.jpg") && files.contains("out.preview.jpg"))
  }

  @Test(
    "A signal stops the run and leaves no file",
    arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGHUP, Int32(129))])
  func signalStopsTheRun(signal: Int32, status: Int32) throws {
    let before = try folder.files()
    let outcome = try Program.run(
      Folder.quick(["--steps", "1000", "-o", "out.png", "--json"]), in: folder, signal: signal)
    #expect(outcome.status == status)
    let reason = [SIGINT: "interrupted", SIGTERM: "terminated", SIGHUP: "the terminal is gone"]
    #expect(outcome.errors.contains("colorize: error: \(reason[signal] ?? "")"))
    #expect(try outcome.json()["exitCode"] as? Int == Int(status))
    #expect(try folder.files() == before)
  }
}
