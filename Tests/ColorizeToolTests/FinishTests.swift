// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite("colorize run: flats, lines, layers") struct FinishTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func run(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Folder.quick(["-o", "out.png"] + arguments), in: folder)
  }

  private func data(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))))
  }

  @Test("Flats, their map and layers are written beside the picture") func everythingIsWritten() throws {
    let outcome = try run(
      "--flats", "flats.png", "--regions", "map.png", "--layers", "out.ora", "--layers", "out.psd", "--json")
    #expect(outcome.status == 0)
    let report = try outcome.json()
    let files = ["flats.png", "map.png", "map.json", "out.ora", "out.psd"]
    #expect(report["files"] as? [String] == files)
    let described = try #require((report["flats"] as? [[String: Any]])?.first)
    // What the report says is what the files hold, and each is whole by itself.
    let flats = try Flats(map: data("map.png"), json: data("map.json"))
    #expect(described["regions"] as? Int == flats.map.regions.count)
    #expect((described["colors"] as? [[String: Any]])?.count == flats.colors.count)
    let picture = try Image.load(folder.path("flats.png"))
    #expect(picture.composited() == flats.image)
    #expect(try data("out.psd").starts(with: Array("8BPS".utf8)))
    #expect(try data("out.ora").starts(with: Array("PK".utf8)))
    // Recoloured and written again.
    var other = flats
    try other.recolor(0, to: RGB(1, 2, 3))
    #expect(try Image(data: other.pngData()).composited() != picture.composited())
  }

  @Test("A palette file gives its colours and names") func paletteFile() throws {
    let gpl = "GIMP Palette\nName: Sheet\n#\n 10  20  30\tcoat\n240 230 220\tskin\n200   0   0\tred\n"
    try Data(gpl.utf8).write(to: URL(fileURLWithPath: folder.path("sheet.gpl")))
    let outcome = try run(
      "--fill", "flats", "--lines", "none", "--palette", "sheet.gpl", "--json", "--far", "0")
    #expect(outcome.status == 0)
    let allowed: Set = [RGB(10, 20, 30), RGB(240, 230, 220), RGB(200, 0, 0)]
    let image = try Image.load(folder.path("out.png")).composited()
    let found = Set(
      stride(from: 0, to: image.pixels.count, by: 3).map {
        RGB(image.pixels[$0], image.pixels[$0 + 1], image.pixels[$0 + 2])
      })
    #expect(allowed.isSuperset(of: found))
    let described = try #require((try outcome.json()["flats"] as? [[String: Any]])?.first)
    let colors = try #require(described["colors"] as? [[String: Any]])
    #expect(colors.allSatisfy { ["coat", "skin", "red"].contains($0["name"] as? String) })
    #expect(colors.count == found.count)
  }

  @Test("Several pictures have numbered flats and layers") func severalPictures() throws {
    let outcome = try run("--count", "2", "--flats", "flats.png", "--layers", "out.ora", "--layers-by", "region")
    #expect(outcome.status == 0)
    for name in ["out-1.png", "out-2.png", "flats-1.png", "flats-2.png", "out-1.ora", "out-2.ora"] {
      #expect(FileManager.default.fileExists(atPath: folder.path(name)), "\(name)")
    }
  }

  @Test(
    "What cannot be is told before any work",
    arguments: [
      (["--flats", "flats.jpg"], "--flats flats.jpg: it is written as PNG"),
      (["--regions", ".png"], "--regions .png"),
      (["--layers", "out.xcf"], "--layers"),
      (["--flats", "out.png"], "another file is written there too"),
      (["--flats", "sketch.png", "--overwrite"], "it is one of the inputs"),
      (["--flats", "nowhere/flats.png"], "nowhere/ does not exist"),
      (["--palette", "nothing.gpl"], "nothing.gpl"),
      (["--palette", "mask.txt"], "mask.txt"),
      (["--colours", "0", "--fill", "flats"], "--colours is 0, expected 1 to 4096"),
      (["--gap", "-1"], "--gap is -1, expected no negative number"),
      (["--gap", "1001"], "--gap is 1001.0, expected 0.0 to 1000.0"),
      (["--far", "nan"], "--far"),
      (["--guide", "red"], "--guide"),
      (["--fill", "cels"], "--fill"),
    ])
  func faultsAreUsage(arguments: [String], message: String) throws {
    try Data("no palette".utf8).write(to: URL(fileURLWithPath: folder.path("mask.txt")))
    let before = try folder.files()
    let outcome = try Program.run(Folder.quick(["-o", "out.png"] + arguments), in: folder)
    #expect(outcome.status == 2 || outcome.status == 64)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(try folder.files() == before)
  }

  @Test("Layers that a file has no room for are refused before a picture is made") func tooManyLayers() throws {
    let side = 801
    let cells = try Image(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { ($0 % side) % 8 == 0 || ($0 / side) % 8 == 0 ? 0 : 255 })
    try cells.write(to: folder.path("cells.png"))
    let before = try folder.files()
    let outcome = try Program.run(
      Folder.quick([
        "-s", "cells.png", "-o", "out.png", "--least-area", "0", "--layers", "out.psd", "--layers-by", "region",
      ]), in: folder)
    #expect(outcome.status == 2)
    #expect(
      outcome.errors.contains("--layers out.psd: the drawing has 10000 regions, and the file holds 8000 layers; say "),
      "\(outcome.errors)")
    #expect(try folder.files() == before)
  }

  @Test("Without a word the model's own finish is taken") func theModelsFinish() throws {
    let plain = ["-s", "sketch.png", "-r", "reference.png", "--size", "64", "--steps", "1"]
    #expect(try Program.run(plain + ["-o", "out.png"], in: folder).status == 0)
    let texts = try PNGText.read(path: folder.path("out.png"))
    let parameters = try #require(texts.first { $0.key == "parameters" }?.value)
    let settings = try JSONDecoder().decode(ColorizeSettings.self, from: Data(parameters.utf8))
    let finish = try Model.embedded().configuration.finish
    #expect(settings.fill == finish.fill && settings.lines == finish.lines)
  }
}

@Suite("colorize run: hints") struct HintsTests {
  @Test("Flats take the colours of hints, and the picture can be made again")
  func hintsAreTakenAndStored() throws {
    let folder = try Folder()
    try folder.writeInputs()
    let sketch = try Image.load(folder.path("sketch.png"))
    // All over the sketch, so that most regions hold a good part of it.
    try Image(width: sketch.width, height: sketch.height, color: [12, 200, 34, 200]).write(to: folder.path("hints.png"))
    let first = try Program.run(
      Folder.quick(["-o", "out.png", "--fill", "flats", "--lines", "none", "--hints", "hints.png"]), in: folder)
    #expect(first.status == 0)
    let picture = try Image.load(folder.path("out.png"))
    let hinted = stride(from: 0, to: picture.pixels.count, by: picture.channels).count {
      picture.pixels[$0] == 12 && picture.pixels[$0 + 1] == 200 && picture.pixels[$0 + 2] == 34
    }
    #expect(hinted > 0)
    let again = try Program.run(["again", "out.png", "-o", "again.png"], in: folder)
    #expect(again.status == 0)
    #expect(try Image.load(folder.path("again.png")) == picture)
    try Image(width: sketch.width, height: sketch.height, color: [0, 0, 0, 0]).write(to: folder.path("none.png"))
    let none = try Program.run(
      Folder.quick(["-o", "none-out.png", "--fill", "flats", "--hints", "none.png"]), in: folder)
    #expect(none.status == 0 && none.errors.contains("note: the hints are transparent all over"), "\(none.errors)")
    let opaque = try Program.run(Folder.quick(["-o", "other.png", "--hints", "sketch.png"]), in: folder)
    #expect(opaque.status == 2 && opaque.errors.contains("no transparency"))
  }

  @Test("The painting takes them as far as --hint-strength says") func paintingsTakeHints() throws {
    let folder = try Folder()
    try folder.writeInputs()
    try Image(width: 64, height: 64, color: [12, 200, 34, 200]).write(to: folder.path("hints.png"))
    func run(_ name: String, _ more: [String]) throws -> Image {
      let outcome = try Program.run(
        Folder.quick(["-o", name, "--fill", "painting", "--lines", "network"] + more), in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Image.load(folder.path(name))
    }
    let plain = try run("plain.png", [])
    let hinted = try run("hinted.png", ["--hints", "hints.png"])
    let half = try run("half.png", ["--hints", "hints.png", "--hint-strength", "0.5"])
    #expect(hinted != plain && half != plain && half != hinted)
    #expect(try run("off.png", ["--hints", "hints.png", "--hint-strength", "0"]) == plain)
    let stored = try #require(PNGText.read(path: folder.path("half.png")).first { $0.key == "parameters" }).value
    #expect(stored.contains("\"hintStrength\":0.5"), "\(stored)")
    #expect(try Program.run(["again", "half.png", "-o", "again.png"], in: folder).status == 0)
    #expect(try Image.load(folder.path("again.png")) == half)
    for (arguments, text) in [
      (["--hint-strength", "0.5"], "--hint-strength is for --hints"),
      (["--hints", "hints.png", "--hint-strength", "2"], "--hint-strength is 2.0, expected 0.0 to 1.0"),
      (["--hints", "hints.png", "--hint-strength", "1", "--hint-strength", "0"], "--hint-strength is given twice"),
    ] {
      let wrong = try Program.run(Folder.quick(["-o", "wrong.png"] + arguments), in: folder)
      #expect(wrong.status == 2 && wrong.errors.contains(text), "\(wrong.errors)")
    }
  }
}
