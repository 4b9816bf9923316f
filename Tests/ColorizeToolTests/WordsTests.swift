// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// What people type, and what they are told.
@Suite("words") struct WordsTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func shell(_ script: String) throws -> Program.Outcome {
    let program = try Program.executable().path
    return try Program.run(
      ["-c", script.replacingOccurrences(of: "colorize", with: "'\(program)'")], in: folder, executable: "/bin/sh")
  }

  private func expect(_ text: String, _ more: [String], _ location: SourceLocation = #_sourceLocation) throws {
    let outcome = try Program.run(Folder.quick.dropLast(4) + ["-o", "out.png"] + more, in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: location)
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.png")), sourceLocation: location)
  }

  @Test("Values that are none") func values() throws {
    try expect("--seed is -1, expected 0 to 18446744073709551615, or random", ["--seed", "-1"])
    try expect("--seed is -1, expected", ["--seed=-1"])
    try expect("--steps is -5, expected no negative number", ["--steps", "-5"])
    try expect("--size is 512x768, expected one number, the longer side: --size 768", ["--size", "512x768"])
    try expect("--steps is given twice; give it once", ["--steps", "5", "--steps=6"])
    try expect("--sketch is given twice", ["--sketch", "mask.png"])
    try expect("Did you mean '--sketch-mask'?", ["--sketch-msk", "mask.png"])
    try expect("'512x' is invalid for '--size <pixels>', expected a number", ["--size", "512x"])
    try expect("'two' is invalid for '--count <n>', expected a whole number", ["--count", "two"])
    try expect("expected 0 to 18446744073709551615, or random", ["--seed", "1e3"])
    try expect("expected encoder, low, middle, high or bottom, and a factor", ["--strength-level", "low"])
    try expect("and a hue of 0 to 360, as in shadow=240", ["--guide", "highlight=400"])
    try expect("expected auto, off, or a tile's side in pixels", ["--vae-tile", "OFF"])
    try expect("expected a file, with or without a scale", ["--lora", "=1"])
    try expect("--backend cpu:0: threads is 0, expected 1 to 1024", ["--backend", "cpu:0"])
    try expect("--colours and --colors are one option", ["--colours", "3", "--colors", "4"])
    try expect("--overwrite and --no-overwrite exclude each other", ["--overwrite", "--no-overwrite"])
    try expect("--strength-level low is given twice", ["--strength-level", "low=2", "--strength-level", "low=3"])
    try expect("Unknown option '-seed'. Did you mean '--seed'?", ["-seed", "3"])
    try expect("--model is empty", ["--model", ""])
    try expect("--palette is empty", ["--palette="])
  }

  @Test(
    "A mistyped command is named",
    arguments: [
      (["shott"], "there is no command 'shott'. Did you mean 'shot'?"), (["help", "runn"], "Did you mean 'run'?"),
      (["Inspect", "m"], "Did you mean 'inspect'?"), (["picture.png"], "there is no command 'picture.png'. (colorize"),
      (["-x"], "Unknown option '-x'"),
    ]) func mistypedCommands(arguments: [String], words: String) throws
  {
    let outcome = try Program.run(arguments, in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains(words), "\(outcome.errors)")
  }

  @Test("Pictures from standard input, wherever one is read") func inputs() throws {
    #expect(try Program.run(Folder.quick + ["-o", "o.png"], in: folder).status == 0)
    let seen = try shell("colorize inspect - < o.png")
    #expect(seen.status == 0 && seen.output.contains("reference.png"), "\(seen.errors)")
    let again = try shell("colorize again - -o p.png < o.png")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Image.load(folder.path("o.png")) == Image.load(folder.path("p.png")))
    let palette = try shell("colorize palette - -o p.gpl < reference.png && colorize palette - < p.gpl")
    #expect(palette.status == 0, "\(palette.errors)")
  }

  @Test("Streams that are closed get nothing of a file's") func closedStreams() throws {
    let run = "colorize " + Folder.quick.joined(separator: " ") + " -o"
    let output = try shell(run + " a.png --json >&-")
    #expect(output.status == 1 && output.errors.contains("standard output is closed"), "\(output.errors)")
    #expect(try shell(run + " b.png <&- >&- 2>&-").status == 1)
    #expect(try Image.load(folder.path("a.png")) == Image.load(folder.path("b.png")))
    let input = try shell("colorize -s - -r reference.png -o c.png <&-")
    #expect(
      input.status == 2 && input.errors.contains("standard input: cannot be read: it is closed"), "\(input.errors)")
  }

  @Test("Names that are no UTF-8, for models and stored names as well") func bytesOfModels() throws {
    let script = """
      d=$(printf 'm\\377'); n=$(printf 's\\377.png'); mkdir "$d"; cp sketch.png "$n"
      colorize make-random-model "$d" --preset embedded --quiet && colorize inspect "$d" \\
        && colorize -s "$n" -r reference.png --size 64 --steps 1 --model "$d" -o "$(printf 'o\\377.png')" \\
        && colorize again "$(printf 'o\\377.png')" --model "$d" -o p.png
      """
    let outcome = try shell(script)
    #expect(outcome.status == 0 && outcome.output.contains("wrote o?.png"), "\(outcome.output) \(outcome.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.path("p.png")))
  }

  /// The program's own list of its options says which have one value.
  @Test("No option of one value is taken twice") func repeated() throws {
    var names: Set<String> = []
    func collect(_ command: [String: Any]) {
      for argument in command["arguments"] as? [[String: Any]] ?? []
      where argument["kind"] as? String == "option" && argument["isRepeating"] as? Bool != true {
        for name in argument["names"] as? [[String: String]] ?? [] where name["kind"] == "long" {
          if let text = name["name"] { names.insert("--" + text) }
        }
      }
      for subcommand in command["subcommands"] as? [[String: Any]] ?? [] { collect(subcommand) }
    }
    let help = try Program.run(["--experimental-dump-help"], in: folder).json()
    collect(try #require(help["command"] as? [String: Any]))
    #expect(names.count > 80)
    for name in names.sorted() {
      let outcome = try Program.run([name, "1x1x1", name, "1x1x1"], in: folder)
      #expect(outcome.status == 2 && outcome.errors.contains("\(name) is given twice"), "\(name): \(outcome.errors)")
    }
  }

  @Test("A mistyped option is named, whatever else is missing") func mistyped() throws {
    let outcome = try Program.run(["-s", "sketch.png", "--refrence", "reference.png", "-o", "out.png"], in: folder)
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains("Unknown option '--refrence'. Did you mean '--reference'?"), "\(outcome.errors)")
  }

  @Test("Masks are found") func masks() throws {
    let made = try Program.run(["mask", "cut-out.png", "m.png"], in: folder)
    #expect(made.status == 0 && made.output.contains("50 % are figure, found by transparency"), "\(made.output)")
    #expect(try Mask(Image.load(folder.path("m.png"))).values.contains(1))
    let run = [
      "-s", "cut-out.png", "-r", "cut-out.png", "--size", "64", "--steps", "1", "-o", "o.png", "--masks", "auto",
    ]
    let outcome = try Program.run(run, in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("the sketch's figure was found by transparency: 50 % of it"), "\(outcome.errors)")
    let options = try PNGText.read(path: folder.path("o.png")).first { $0.key == "parameters" }
    #expect(options?.value.contains("\"mode\":\"full\"") == true)
    #expect(try Program.run(["again", "o.png", "-o", "p.png"], in: folder).status == 0)
    #expect(try Image.load(folder.path("o.png")) == Image.load(folder.path("p.png")))
    // Where no figure is found the masks are not used, unless they are asked for.
    try Image(width: 64, height: 64, color: [255, 255, 255]).write(to: folder.path("white.png"))
    func mode(_ more: [String]) throws -> String? {
      let outcome = try Program.run(
        ["-s", "cut-out.png", "-r", "white.png", "--size", "64", "--steps", "1", "-o", "q.png", "--masks", "auto"]
          + more
          + ["--overwrite"], in: folder)
      #expect(outcome.status == 0 && outcome.errors.contains("which is hardly a figure"), "\(outcome.errors)")
      let options = try PNGText.read(path: folder.path("q.png")).first { $0.key == "parameters" }?.value
      return ["full", "vanilla"].first { options?.contains("\"mode\":\"\($0)\"") == true }
    }
    #expect(try mode([]) == "vanilla")
    #expect(try mode(["--mode", "full"]) == "full")
  }

  @Test("Names that are too long") func longNames() throws {
    let name = String(repeating: "n", count: 252) + ".png"
    let outcome = try Program.run(Folder.quick + ["-o", name], in: folder)
    #expect(
      outcome.status == 2 && outcome.errors.contains("the name is too long; give a shorter one"), "\(outcome.errors)")
    // With the number of the picture, or as a preview, it becomes too long.
    let numbered = String(repeating: "n", count: 250) + ".png"
    let counted = try Program.run(Folder.quick + ["-o", numbered, "--count", "2"], in: folder)
    #expect(counted.status == 2 && counted.errors.contains("the name is too long"), "\(counted.errors)")
  }

  @Test("Pictures that are no models") func inspecting() throws {
    try Image.load(folder.path("reference.png")).write(to: folder.path("reference.jpg"))
    let outcome = try Program.run(["inspect", "reference.jpg"], in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains("a JPEG holds no options"), "\(outcome.errors)")
  }

  @Test("Standard input and output") func streams() throws {
    let quick = "--size 64 --steps 1 --fill painting --lines network"
    let made = try shell("cat sketch.png | colorize -s - -r reference.png \(quick) -o - > piped.png")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.errors.contains("done in"))
    #expect(try Program.run(Folder.quick + ["-o", "plain.png"], in: folder).status == 0)
    #expect(try Image.load(folder.path("piped.png")) == Image.load(folder.path("plain.png")))
    let seen = try shell("colorize sketch - - --size 64 < sketch.png > seen.png")
    #expect(seen.status == 0, "\(seen.errors)")
    #expect(try Image.load(folder.path("seen.png")).width == 64)
    for (script, text) in [
      ("colorize -s - -r - -o x.png < sketch.png", "only one picture can come from standard input"),
      ("colorize -s sketch.png -r reference.png -o - --json", "--json and a picture both want standard output"),
      ("colorize -s sketch.png -r reference.png -o - --count 2", "only one picture goes to standard output"),
      ("colorize -s - -r reference.png -o x.png < text.png", "standard input: this is no image of a known format"),
    ] {
      let outcome = try shell(script)
      #expect(outcome.status == 2 && outcome.errors.contains(text), "\(outcome.errors)")
    }
  }

  @Test("A report that is lost") func lostReport() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let outcome = try shell("colorize -s sketch.png -r reference.png --size 64 --steps 1 -o out.png --json > /dev/full")
    #expect(outcome.status == 1 && outcome.errors.contains("could not be written"), "\(outcome.errors)")
    #expect(try Image.load(folder.path("out.png")).width == 64)
  }

  @Test("Names that are no UTF-8") func bytes() throws {
    let outcome = try shell(
      """
      s=$(printf 'sk\\351tch.png'); o=$(printf 'r\\377sult.png'); cp sketch.png "$s"
      colorize -s "$s" -r reference.png --size 64 --steps 1 -o "$o" && test -s "$o" && ! colorize -s "$s" -r reference.png -o "$s"
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("sk?tch.png: it is one of the inputs"), "\(outcome.errors)")
  }

  @Test("A picture is made again") func again() throws {
    let first = Folder.quick + ["-o", "a.png", "--seed", "3", "--sketch-mask", "mask.png", "--mode", "foreground"]
    #expect(try Program.run(first, in: folder).status == 0)
    let outcome = try Program.run(["again", "a.png", "-o", "b.png"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }
    #expect(try bytes("a.png") == bytes("b.png"))
    #expect(try Program.run(["again", "a.png", "-o", "c.png", "--seed", "4"], in: folder).status == 0)
    #expect(try bytes("a.png") != bytes("c.png"))
    try FileManager.default.moveItem(atPath: folder.path("sketch.png"), toPath: folder.path("moved.png"))
    let lost = try Program.run(["again", "a.png", "-o", "d.png"], in: folder)
    #expect(lost.status == 2 && lost.errors.contains("made from sketch.png") && lost.errors.contains("--sketch"))
    #expect(try Program.run(["again", "a.png", "-o", "d.png", "-s", "moved.png"], in: folder).status == 0)
    let plain = try Program.run(["again", "mask.png", "-o", "e.png"], in: folder)
    #expect(plain.status == 2 && plain.errors.contains("holds no options"))
    let onto = try Program.run(["again", "a.png", "-o", "a.png", "-s", "moved.png", "--overwrite"], in: folder)
    #expect(onto.status == 2 && onto.errors.contains("one of the inputs"))
  }

  @Test("Alpha, resolution and metadata") func metadata() throws {
    try Image.load(folder.path("cut-out.png")).write(
      to: folder.path("cut.png"), resolution: ImageResolution(horizontal: 350, vertical: 350))
    let run = ["-s", "cut.png", "-r", "reference.png", "--size", "64", "--steps", "1"]
    #expect(try Program.run(run + ["-o", "kept.png", "--keep-alpha"], in: folder).status == 0)
    let (kept, metadata) = try Image.loadWithMetadata(folder.path("kept.png"))
    #expect(kept.alpha == (try Image.load(folder.path("cut.png")).alpha))
    #expect(abs((metadata.resolution?.horizontal ?? 0) - 350) < 0.1)
    #expect(try Program.run(run + ["-o", "bare.png", "--no-metadata"], in: folder).status == 0)
    #expect(try PNGText.read(path: folder.path("bare.png")).isEmpty)
    #expect(try Image.loadWithMetadata(folder.path("bare.png")).metadata.resolution == nil)
    // Lines on transparent paper cut nothing out.
    let lines = try Image(
      width: 96, height: 96, channels: 4,
      pixels: (0..<96 * 96).flatMap { [0, 0, 0, $0 % 96 % 24 < 2 || $0 / 96 % 24 < 2 ? 255 : 0] as [UInt8] })
    try lines.write(to: folder.path("lines.png"))
    let drawn = ["-s", "lines.png", "-r", "reference.png", "--size", "64", "--steps", "1", "--json"]
    for (output, option) in [("whole.png", "--keep-alpha"), ("masked.png", "--alpha-masks")] {
      let outcome = try Program.run(drawn + ["-o", output, option], in: folder)
      #expect(outcome.status == 0)
      let summary = try #require(try outcome.json()["summary"] as? [String: Any])
      #expect((summary["notes"] as? [String])?.contains("alphaOfLines") == true, "\(option)")
      #expect((summary["settings"] as? [String: Any])?["mode"] as? String == "vanilla")
      #expect(try !Image.load(folder.path(output)).hasTransparency)
    }
    let jpeg = try Program.run(run + ["-o", "k.jpg", "--keep-alpha"], in: folder)
    #expect(jpeg.status == 2 && jpeg.errors.contains("JPEG has no transparency"))
    let opaque = try Program.run(Folder.quick + ["-o", "k.png", "--keep-alpha"], in: folder)
    #expect(opaque.status == 2 && opaque.errors.contains("no transparency to keep"))
  }
}
