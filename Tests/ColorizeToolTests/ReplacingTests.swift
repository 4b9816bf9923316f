// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// The rule of all commands: an input is never written to, and nothing is replaced unasked.
@Suite("files that are there") struct ReplacingTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func refuse(_ text: String, _ arguments: [String], _ location: SourceLocation = #_sourceLocation) throws {
    let before = try contents()
    let outcome = try Program.run(arguments, in: folder)
    #expect(outcome.status == 2, "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: location)
    #expect(try contents() == before, sourceLocation: location)
  }

  /// The bytes of all files, those in folders as well.
  private func contents() throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.url.path) where !name.hasPrefix(".") {
      found[name] = FileManager.default.contents(atPath: folder.path(name))
    }
    return found
  }

  @Test("run") func run() throws {
    let run = Folder.quick + ["-o", "mask.png"]
    try refuse("mask.png: it exists already; give another path, or --overwrite", run)
    try refuse("it exists already", run + ["--no-overwrite"])
    try refuse("sketch.png: it is one of the inputs", Folder.quick + ["-o", "./sketch.png", "--overwrite"])
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "sketch.png")
    try refuse("link.png: it is one of the inputs", Folder.quick + ["-o", "link.png", "--overwrite"])
    #expect(try Program.run(run + ["--overwrite"], in: folder).status == 0)
    #expect(try PNGText.read(path: folder.path("mask.png")).contains { $0.key == "parameters" })
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path("many-2.png")))
    try refuse("many-2.png: it exists already", Folder.quick + ["-o", "many.png", "--count", "3"])
  }

  @Test("Two names of one file are one, and what is no file is told") func names() throws {
    for other in ["out.png", "./out.png", ".//out.png", "sub/../out.png"] {
      try FileManager.default.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: true)
      try refuse(
        "--flats \(other): another file is written there too", Folder.quick + ["-o", "out.png", "--flats", other])
    }
    try refuse("--output sub: it is a folder", Folder.quick + ["-o", "sub"])
    try refuse("--output sub/: it is a folder", Folder.quick + ["-o", "sub/"])
    try refuse("sub: it is a folder", ["sketch", "sketch.png", "sub"])
    try refuse("--output is empty", Folder.quick + ["-o", ""])
    try refuse("mask.png is a file and no folder", Folder.quick + ["-o", "mask.png/out.png"])
  }

  @Test("A link that leads to no file yet") func links() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "later.png")
    #expect(try Program.run(["sketch", "sketch.png", "link.png"], in: folder).status == 0)
    // The link stays, and where it leads there is the picture.
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link.png")) == "later.png")
    #expect(try Image.load(folder.path("later.png")).width > 0)
    try FileManager.default.createSymbolicLink(atPath: folder.path("far.png"), withDestinationPath: "nowhere/x.png")
    try refuse("the folder nowhere/ does not exist", ["sketch", "sketch.png", "far.png"])
  }

  @Test("What appears during the work stays, and what was made goes beside it") func appearing() throws {
    // The program waits at the pipe for whoever reads the preview, in the middle of its work.
    let arguments = Folder.quick([
      "-o", "o.png", "--steps", "2", "--previews", "1", "--fill", "flats", "--lines", "own", "--flats", "f.png",
      "--regions", "r.png", "--layers", "l.psd",
    ]).joined(separator: " ")
    let script = """
      mkfifo o.preview.png
      "$colorize" \(arguments) "$@" &
      exec 3< o.preview.png
      for name in o.png r.json l.psd; do echo mine > $name; done
      cat <&3 > /dev/null
      wait $!
      """
    func run(_ more: [String]) throws -> Program.Outcome {
      for name in try folder.files() where name.first.map({ "oflr".contains($0) }) == true && name != "reference.png" {
        try FileManager.default.removeItem(atPath: folder.path(name))
      }
      return try Program.run(
        ["600", "bash", "-c", script, "sh"] + more, in: folder, executable: "/usr/bin/timeout",
        environment: ["colorize": Program.executable().path])
    }
    let mine = Data("mine\n".utf8)
    let outcome = try run([])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains(
        "another file appeared at o.png, r.json, l.psd and was not replaced; what was made is in o-2.png, r-2.json, l-2.psd"
      ),
      "\(outcome.errors)")
    for name in ["o.png", "r.json", "l.psd"] { #expect(try contents()[name] == mine) }
    #expect(try Image.load(folder.path("o-2.png")).width > 0)
    #expect(try PNGText.read(path: folder.path("o-2.png")).contains { $0.key == "parameters" })
    for name in ["f.png", "r.png", "r-2.json", "l-2.psd"] { #expect(try contents()[name]?.count ?? 0 > 100) }
    let made = try contents()["o-2.png"]
    let again = try run(["--overwrite"])
    #expect(again.status == 0, "\(again.errors)")
    #expect(try contents()["o.png"] == made && contents()["o-2.png"] == nil)
  }

  @Test("demo") func demo() throws {
    try FileManager.default.createDirectory(atPath: folder.path("mine"), withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path("mine/cel-reference-mask.png")))
    try refuse("mine/cel-reference-mask.png: it exists already", ["demo", "-o", "mine", "--steps", "1"])
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path("lion-sketch.png")))
    try refuse("lion-sketch.png: it exists already", ["demo", "-o", ".", "--steps", "1"])
    #expect(try Program.run(["demo", "-o", "mine", "--steps", "1", "--overwrite"], in: folder).status == 0)
    #expect(try Image.load(folder.path("mine/cel-reference-mask.png")).width == 256)
  }

  @Test("convert and make-random-model") func checkpoints() throws {
    let make = ["make-random-model", "m.safetensors", "--preset", "embedded"]
    #expect(try Program.run(make, in: folder).status == 0)
    try refuse("m.safetensors: it exists already", make)
    let seeded = try contents()["m.safetensors"]
    #expect(try Program.run(make + ["--seed", "1", "--overwrite"], in: folder).status == 0)
    #expect(try contents()["m.safetensors"] != seeded)
    try refuse("m.safetensors: it is one of the inputs", ["convert", "m.safetensors", "m.safetensors", "--overwrite"])
    try refuse("m.safetensors: it is one of the inputs", ["convert", "m.safetensors", "./m.safetensors"])
    try refuse("none/ does not exist", ["convert", "m.safetensors", "none/m.safetensors"])
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path("mine.safetensors")))
    try refuse("mine.safetensors: it exists already", ["convert", "m.safetensors", "mine.safetensors"])
  }

  @Test("sketch") func sketch() throws {
    try refuse("mask.png: it exists already", ["sketch", "sketch.png", "mask.png"])
    try refuse("it is one of the inputs", ["sketch", "sketch.png", "sketch.png", "--overwrite"])
  }
}
