// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

#if canImport(ColorizeTool)
  import ColorizeTool
#endif

/// All options, as the program itself lists them: documented, checked, and never without a word.
@Suite("options") struct OptionTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private struct Option {
    let command: String
    let names: [String]
    let valueName: String?
  }

  /// Asked for once: it takes longer than most tests.
  private static let allOptions = Result { try readOptions() }

  private func options() throws -> [Option] { try Self.allOptions.get() }

  private static func readOptions() throws -> [Option] {
    let folder = try Folder()
    var options: [Option] = []
    func collect(_ command: [String: Any]) {
      for argument in command["arguments"] as? [[String: Any]] ?? [] {
        let names = (argument["names"] as? [[String: String]] ?? []).filter { $0["kind"] == "long" }
          .compactMap { $0["name"].map { "--" + $0 } }
        guard !names.isEmpty else { continue }
        let value = argument["kind"] as? String == "option" ? argument["valueName"] as? String : nil
        options.append(Option(command: command["commandName"] as? String ?? "", names: names, valueName: value))
      }
      for subcommand in command["subcommands"] as? [[String: Any]] ?? [] { collect(subcommand) }
    }
    let help = try Program.run(["--experimental-dump-help"], in: folder).json()
    collect(try #require(help["command"] as? [String: Any]))
    try #require(options.count > 300)
    return options
  }

  @Test("The list of options and the help have the same ones") func documented() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let page = try String(contentsOf: root.appending(path: "Docs/Options.md"), encoding: .utf8)
    var listed: Set<String> = []
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      // The first column; of single commands, the one after their names.
      let cells = line.split(separator: "|").prefix(2).filter { $0.contains("`--") }
      for match in (cells.first ?? "").matches(of: /`(--[a-z-]+)`/) { listed.insert(String(match.output.1)) }
    }
    let known = Set(try options().flatMap(\.names))
    #expect(known.subtracting(listed).sorted() == [], "in the help only")
    #expect(listed.subtracting(known).sorted() == [], "in Docs/Options.md only")
  }

  /// What values of options that take numbers are called.
  private static let numbers: Set<String> = [
    "n", "pixels", "factor", "share", "part", "value", "scale", "number", "difference", "seconds", "x", "gamma", "mib",
    "gib", "r",
  ]

  /// What a command needs besides; its output's folder is not there, so that nothing is made if a value is taken.
  private static let needed: [String: [String]] = [
    "run": ["-s", "sketch.png", "-r", "reference.png", "-o", "none/o.png"],
    "shot": ["sketch.png", "-r", "reference.png", "-o", "none/*.png", "--dry-run"],
    "again": ["mask.png", "-o", "none/o.png"], "sketch": ["sketch.png", "none/o.png"],
    "mask": ["mask.png", "none/o.png"], "palette": ["reference.png", "-o", "none/o.gpl"],
    "train": [".", "-o", "o.safetensors"], "make-random-model": ["none/o.safetensors"],
  ]

  /// What the program says of a command line that it cannot read; nil for one that it can, and where only a process tells.
  private static func fault(of arguments: [String]) -> String? {
    #if canImport(ColorizeTool)
      CommandLineReader.fault(of: arguments)
    #else
      nil
    #endif
  }

  /// Makes sure that the program does not take a value. Most are refused where the command line is read, which needs no
  /// process; what is read well there must be refused by the command itself.
  ///
  /// - Returns: whether the command did.
  private func refuses(_ value: String, of option: Option) throws -> Bool {
    let name = option.names[0]
    let arguments = [option.command] + (Self.needed[option.command] ?? []) + ["\(name)=\(value)"]
    if let message = Self.fault(of: arguments) {
      #expect(message.contains(name), "\(option.command) \(name): \(message)")
      return false
    }
    let outcome = try Program.run(arguments, in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains(name), "\(option.command) \(name): \(outcome.errors)")
    return true
  }

  @Test("No number is taken that is none", arguments: ["1,5", ""]) func numbers(value: String) throws {
    let numbers = try options().filter { Self.numbers.contains($0.valueName ?? "") }
    let late = try numbers.count { try refuses(value, of: $0) }
    #expect(numbers.count > 60)
    #if canImport(ColorizeTool)
      #expect(late < 20)
      // The program says the same.
      let option = try #require(numbers.first)
      let arguments = [option.command] + (Self.needed[option.command] ?? []) + ["\(option.names[0])=\(value)"]
      let outcome = try Program.run(arguments, in: folder)
      let words = try #require(Self.fault(of: arguments))
      #expect(outcome.status == 2 && outcome.errors == "colorize: error: \(words)\n")
    #else
      #expect(late == numbers.count)
    #endif
  }

  @Test("No number without a value or a bound is taken", arguments: ["run", "train", "shot"])
  func infinite(command: String) throws {
    let numbers = try options().filter { $0.command == command && Self.numbers.contains($0.valueName ?? "") }
    for option in numbers { _ = try refuses("nan", of: option) }
    #expect(numbers.count > 15)
  }

  /// The run ends where the output is one of the inputs, after what does nothing was told and before any work.
  private func notes(_ more: [String]) throws -> String {
    let outcome = try Program.run(["-s", "sketch.png", "-r", "reference.png", "-o", "sketch.png"] + more, in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains("it is one of the inputs"), "\(outcome.errors)")
    return outcome.errors
  }

  @Test(
    "What does nothing says so",
    arguments: [
      (["--merge", "0.5"], "mode vanilla does not use --merge; give masks, or --mode foreground"),
      (
        ["--foreground-strength", "2", "--background-strength", "2", "--sketch-threshold", "0.1"],
        "mode vanilla does not use --foreground-strength, --background-strength and --sketch-threshold"
      ),
      (["--mask-grow", "3", "--mask-feather", "2"], "mode vanilla does not use --mask-grow and --mask-feather"),
      (["--mask-threshold", "0.3"], "mode vanilla does not use --mask-threshold"),
      (
        ["--reference-threshold", "0.1", "--mode", "foreground", "--sketch-mask", "mask.png"],
        "mode foreground does not use --reference-threshold"
      ),
      (
        ["--context-layout", "published", "--mode", "foreground", "--sketch-mask", "mask.png"],
        "mode foreground does not use --context-layout"
      ),
      (
        ["--fill", "painting", "--palette", "painting", "--colours", "3", "--align", "none", "--far", "3"],
        "there are no flats for --palette, --align, --colours and --far"
      ),
      (
        ["--fill", "painting", "--lines", "network", "--gap", "3", "--least-area", "9"],
        "nothing needs the regions that --gap and --least-area would change"
      ),
      (["--palette", "painting", "--align", "none"], "with --palette painting --align does nothing"),
      (["--schedule", "karras", "--sampler", "ddim"], "ddim places its steps itself, and --schedule does nothing"),
      (["--guidance", "1", "--inject-reference", "0.7"], "without guidance --inject-reference does nothing"),
      (["--steps", "2", "--previews", "2"], "--previews is 2, and there are 2 steps: no preview is made"),
      (["--layers-by", "region"], "--layers-by is for --layers"),
      (["--segmenter-input", "positive"], "--segmenter-input is for --segmenter"),
    ]) func idle(arguments: [String], words: String) throws
  {
    let told = try notes(arguments)
    #expect(told.contains("note: \(words)"), "\(told)")
  }

  @Test(
    "What does nothing says so, in all commands",
    arguments: [
      (
        "mask cut-out.png m.png --backend vulkan:9 --precision f16",
        "--backend and --precision do nothing: no network computes here; --segmenter gives one"
      ),
      ("mask cut-out.png m.png --backend cpu:1", "--backend does nothing: no network computes here"),
      (
        "sketch sketch.png m.png --precision bf16 --prediction v",
        "--precision does nothing: no network computes here; --extractor gives one"
      ),
      (
        "sketch sketch.png m.png --prediction v",
        "--prediction does nothing: of the model only the size of its pictures matters here"
      ),
      ("palette reference.png --overwrite", "--overwrite does nothing: no --output is given"),
      ("inspect --preset v1.5 --vocabulary v.txt", "--vocabulary does nothing: it is not looked at"),
      ("inspect --preset v1.5", "--preset does nothing: the built-in model is whole"),
    ]) func idleElsewhere(line: String, words: String) throws
  {
    let outcome = try Program.run(line.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 0 && outcome.errors.contains("note: \(words)"), "\(outcome.errors)")
  }

  @Test("What does nothing says so, in a training") func idleTraining() throws {
    for (name, pictures) in [("alone", ["a.png", "b.png"]), ("group", ["one/a.png", "one/b.png"])] {
      for picture in pictures {
        let path = folder.path("\(name)/\(picture)")
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try Image.load(folder.path("reference.png")).resized(width: picture.hasSuffix("a.png") ? 64 : 80, height: 64)
          .write(to: path)
      }
    }
    func notes(_ line: String) throws -> String {
      // The backend is asked for after the notes, and before any work.
      let outcome = try Program.run(
        ["train"] + line.split(separator: " ").map(String.init)
          + ["-o", "o.safetensors", "--backend", "none", "--resolution", "64", "--validation", "0.1"], in: folder)
      #expect(outcome.status == 2 && outcome.errors.contains("none"), "\(outcome.errors)")
      return outcome.errors
    }
    for (line, words) in [
      (
        "alone --rank-background 4",
        "--rank-background does nothing: these branches do not learn; say --parts lora-background"
      ),
      ("alone --rank-foreground 4 --parts unet", "--rank-foreground does nothing"),
      ("alone --cache there --cache-size 0", "--cache does nothing: with --cache-size 0 nothing is kept"),
      ("alone --ground-weight 0.5", "--ground-weight does nothing: each picture is its own reference"),
      ("group --recolor 0.2", "--recolor does nothing: each picture has another one of its folder as its reference"),
      ("alone --parts vae --drop 0.3 --min-snr 5", "--drop and --min-snr do nothing: the autoencoder learns without"),
    ] {
      let told = try notes(line)
      #expect(told.contains("note: \(words)"), "\(told)")
    }
    let acting = try notes(
      "group --ground-weight 0.5 --rank-background 4 --parts lora-background,lora-foreground --rank-foreground 4 --cache there"
    )
    #expect(!acting.contains("note:"), "\(acting)")
    #expect(try !notes("alone --recolor 0.2").contains("note:"))
    let few = try Program.run(
      ["train", "alone", "-o", "o.safetensors", "--backend", "none", "--resolution", "64", "--validation", "0.2"],
      in: folder)
    #expect(few.errors.contains("note: --validation does nothing: of 2 pictures that share is none"), "\(few.errors)")
  }

  @Test("What does nothing says so, where a picture is made again") func idleAgain() throws {
    #expect(try Program.run(Folder.quick + ["-o", "made.png"], in: folder).status == 0)
    let outcome = try Program.run(
      [
        "again", "made.png", "-o", "again.png", "--palette", "reference.png", "--hints", "cut-out.png", "--sketch-mask",
        "mask.png",
      ], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    for words in [
      "--palette does nothing: the picture was made without a palette of its own",
      "--hints does nothing: the picture was made without hints", "mode vanilla does not use the sketch's mask",
    ] {
      #expect(outcome.errors.contains("note: \(words)"), "\(outcome.errors)")
    }
  }

  @Test("Ways to find masks that are given say so") func masksThatAreGiven() throws {
    let both = ["--sketch-mask", "mask.png", "--reference-mask", "mask.png"]
    let told = try notes(both + ["--masks", "auto", "--alpha-masks"])
    #expect(told.contains("note: --masks and --alpha-masks do nothing: the masks are given"), "\(told)")
    #expect(try !notes(["--sketch-mask", "mask.png", "--masks", "auto"]).contains("the masks are given"))
  }

  @Test("What acts is not noted") func acting() throws {
    let masks = ["--sketch-mask", "mask.png", "--reference-mask", "mask.png", "--mode", "full"]
    let all = [
      "--merge", "0.5", "--foreground-strength", "2", "--background-strength", "2", "--sketch-threshold", "0.1",
      "--reference-threshold", "0.1", "--context-layout", "published", "--mask-grow", "3", "--mask-feather", "2",
      "--mask-threshold", "0.3", "--colours", "3", "--far", "3", "--gap", "3", "--least-area", "9", "--schedule",
      "karras", "--sampler", "euler", "--guidance", "3", "--inject-reference", "0.7", "--steps", "3", "--previews", "2",
    ]
    let told = try notes(masks + all)
    #expect(!told.contains("note:"), "\(told)")
    // As they are by default.
    #expect(try !notes(["--merge", "0", "--far", "15", "--align", "auto"]).contains("note:"))
  }

  @Test("Of a shot as well, and nothing is passed over in a dry run") func shots() throws {
    func outcome(_ more: [String]) throws -> Program.Outcome {
      try Program.run(
        ["shot", "sketch.png", "-r", "reference.png", "-o", "out/*.png", "--dry-run", "--size", "64", "--steps", "1"]
          + more, in: folder)
    }
    let masks = try outcome(["--mode", "vanilla", "--sketch-mask", "mask.png", "--masks", "auto", "--alpha-masks"])
    #expect(
      masks.errors.contains("note: --sketch-mask and --masks do nothing: mode vanilla does not use masks"),
      "\(masks.errors)")
    #expect(
      masks.errors.contains("note: --alpha-masks does nothing: masks that are not given are found by other means"))
    let idle = try outcome(["--merge", "0.5", "--fps", "12"])
    #expect(idle.status == 0 && idle.errors.contains("mode vanilla does not use --merge"), "\(idle.errors)")
    #expect(idle.errors.contains("--fps is for --animation"), "\(idle.errors)")
    for (more, words) in [
      (["--fps", "nan"], "--fps is nan, expected 1 to 240"), (["--report", "r.txt"], "--report r.txt: it is a page"),
      (["--contact-sheet", "s.jpg"], "--contact-sheet s.jpg: it is written as PNG"),
      (["--animation", "."], "--animation .: it is written as PNG"),
      (["--keys", "."], "--keys .: it is no picture's file"),
      (["--frames", "one"], "--frames one: "), (["--shard", "0/0"], "--shard 0/0: "),
      (["--sheet", "none.csv"], "--sheet none.csv"), (["--check"], "--dry-run and --check exclude each other"),
    ] {
      let refused = try outcome(more)
      #expect(refused.status == 2 && refused.errors.contains(words), "\(refused.errors)")
    }
  }

  /// What a result was made with: that settings change pictures is tested in the library.
  @Test("Every option of a run reaches its settings") func settings() throws {
    let strokes = (0..<64 * 64).flatMap { $0 % 64 < 8 ? [255, 0, 0, 255] : [0, 0, 0, 0] as [UInt8] }
    try Image(width: 64, height: 64, channels: 4, pixels: strokes).write(to: folder.path("hints.png"))
    let given: [(path: String, options: [String], value: String)] = [
      ("mode", ["--mode", "full"], "full"), ("size", ["--size", "64"], "64"), ("steps", ["--steps", "2"], "2"),
      ("merge", ["--merge", "0.5"], "0.5"), ("foregroundStrength", ["--foreground-strength", "2"], "2"),
      ("backgroundStrength", ["--background-strength", "3"], "3"),
      ("sketchStrength", ["--sketch-strength", "0.5"], "0.5"),
      ("sketchThreshold", ["--sketch-threshold", "0.25"], "0.25"),
      ("referenceThreshold", ["--reference-threshold", "0.75"], "0.75"),
      ("contextLayout", ["--context-layout", "published"], "published"),
      ("maskShaping.grow", ["--mask-grow", "-3"], "-3"), ("maskShaping.feather", ["--mask-feather", "2"], "2"),
      ("maskShaping.threshold", ["--mask-threshold", "0.25"], "0.25"),
      ("flats.maximumColors", ["--colours", "7"], "7"), ("flats.farDistance", ["--far", "3"], "3"),
      ("flats.maximumGap", ["--gap", "4"], "4"), ("flats.minimumArea", ["--least-area", "9"], "9"),
      ("flats.alignment", ["--align", "none"], "none"), ("flats.colors", ["--palette", "painting"], "painting"),
      ("schedule", ["--schedule", "karras"], "karras"), ("sampler", ["--sampler", "euler"], "euler"),
      ("guidance.reference", ["--guidance", "3"], "3"), ("guidance.sketch", ["--sketch-guidance", "2"], "2"),
      ("guidance.interval", ["--guidance-interval", "0.25", "0.75"], "[0.25, 0.75]"),
      ("injection.start", ["--inject-start", "0.25"], "0.25"),
      ("injection.reference", ["--inject-reference", "0.75"], "0.75"),
      ("injection.sketch", ["--inject-sketch", "2"], "2"), ("previewInterval", ["--previews", "1"], "1"),
      ("referenceStrength.others", ["--strength", "2"], "2"),
      ("referenceStrength.low", ["--strength-level", "low=0.5"], "0.5"), ("seed", ["--seed", "5"], "5"),
      ("noise", ["--noise", "numpy"], "numpy"), ("polarity", ["--polarity", "dark-on-light"], "darkOnLight"),
      ("preparation", ["--prepare", "as-is"], "asIs"), ("frame", ["--frame", "working"], "working"),
      ("fill", ["--fill", "flats"], "flats"), ("lines", ["--lines", "network"], "network"),
      ("guides.kinds", ["--guide", "shadow=60"], "60"), ("hintStrength", ["--hint-strength", "0.5"], "0.5"),
      ("inputs.hints", ["--hints", "hints.png"], "hints.png"), ("checksMemory", ["--force"], "0"),
      ("inputs.sketchMask", ["--sketch-mask", "mask.png"], "mask.png"),
      ("inputs.referenceMask", ["--reference-mask", "mask.png"], "mask.png"),
      ("prediction", ["--prediction", "v"], "v"),
    ]
    let outcome = try Program.run(
      ["-s", "sketch.png", "-r", "reference.png", "-o", "out.png", "--json", "--quiet"] + given.flatMap(\.options),
      in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let options = try #require(try outcome.json()["options"] as? [String: Any])
    for (path, flags, value) in given {
      let found = Self.value(options, path).map { ($0 as? Bool) == false ? "0" : "\($0)" } ?? "nothing"
      let words = found.split(whereSeparator: { "(), \n[]".contains($0) }).joined(separator: " ")
      #expect(
        value == found || words.contains(value.filter { !"[,]".contains($0) }), "\(flags): \(path) is \(found)")
    }
  }

  private static func value(_ object: [String: Any], _ path: String) -> Any? {
    path.split(separator: ".").reduce(object as Any?) { ($0 as? [String: Any])?[String($1)] }
  }
}
