// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import DiffusionTraining

/// Faults of a command line that the parser would take for something else, or pass over: told before anything is done.
enum ArgumentCheck {
  /// Options with one value. Of one that is given twice, one value would be lost without a word.
  private static let single: Set<String> = [
    "--sketch", "--output", "--sketch-mask", "--background", "--polarity",
    "--prepare", "--masks", "--fill", "--lines", "--flats", "--regions", "--palette", "--hints", "--hint-strength",
    "--colours",
    "--colors", "--align", "--far", "--gap", "--least-area", "--layers-by", "--size", "--bits", "--frame", "--count",
    "--previews", "--vae-tile", "--mode", "--strength", "--inject-start", "--inject-reference",
    "--inject-sketch", "--foreground-strength", "--background-strength",
    "--sketch-strength", "--merge", "--sketch-threshold", "--reference-threshold", "--context-layout", "--steps",
    "--seed", "--noise", "--sampler", "--schedule", "--guidance", "--sketch-guidance", "--model", "--config",
    "--preset", "--image-encoder", "--prediction", "--backend", "--precision", "--dtype", "--sheet", "--frames",
    "--shard", "--manifest", "--contact-sheet", "--animation", "--fps", "--keys", "--report", "--consistency",
    "--parts", "--minutes", "--resolution", "--batch", "--rows", "--rate", "--warm-up", "--course",
    "--rank-foreground", "--rank-background", "--validation", "--preview-every", "--save-every", "--keep",
    "--variants", "--recolor", "--drop", "--min-snr", "--offset-noise", "--average", "--moments", "--recompute",
    "--times", "--ground-weight", "--cache", "--cache-size", "--method", "--kernels", "--operations",
    "--case-limit", "--time-limit", "--extractor", "--segmenter", "--sketch-segmenter", "--segmenter-input",
    "--subject", "--mask-grow", "--mask-feather", "--mask-threshold", "--text-encoder", "--vocabulary", "--control",
    "--thresholds", "--text-block",
  ]
  private static let short = ["-s": "--sketch", "-o": "--output"]
  /// Two names of one option.
  private static let synonyms = [
    "--colors": "--colours", "--no-overwrite": "--overwrite", "--no-keep-alpha": "--keep-alpha",
  ]
  /// Switches that can be said either way.
  private static let switches: Set<String> = ["--overwrite", "--keep-alpha"]
  /// Options that may be given several times, each time for something else, which stands before an equals sign.
  private static let keyed: Set<String> = ["--strength-level", "--guide"]
  /// Options whose values are files, which may be called anything.
  private static let files: Set<String> = [
    "--sketch", "--output", "--sketch-mask", "--background", "--model", "--config",
    "--image-encoder", "--flats", "--regions", "--palette", "--hints", "--layers", "--sheet", "--manifest", "--cache",
    "--contact-sheet", "--animation", "--report", "--keys", "--extractor", "--segmenter", "--sketch-segmenter",
    "--text-encoder", "--vocabulary",
  ]

  /// - Throws: ``ToolError``.
  static func check(_ arguments: [String]) throws {
    try checkCommand(arguments)
    var seen: Set<String> = []
    for (index, argument) in arguments.enumerated() {
      if argument == "--" { return }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = short[parts[0]] ?? parts[0]
      let value = parts.count > 1 ? parts[1] : index + 1 < arguments.count ? arguments[index + 1] : ""
      if keyed.contains(name), let key = value.split(separator: "=", omittingEmptySubsequences: false).first {
        guard seen.insert("\(name) \(key)").inserted else {
          throw ToolError.usage("\(name) \(key) is given twice; give it once")
        }
      }
      let option = synonyms[name] ?? name
      guard single.contains(name) || switches.contains(option) else { continue }
      guard seen.insert(option).inserted else { throw twice(name, option, arguments) }
      if switches.contains(option) { continue }
      if !files.contains(name) {
        try check(name, value)
      } else if value.isEmpty, parts.count > 1 || index + 1 < arguments.count {
        throw ToolError.usage("\(name) is empty; give the path of a file")
      }
    }
  }

  private static func twice(_ name: String, _ option: String, _ arguments: [String]) -> ToolError {
    let names = ([option] + synonyms.filter { $0.value == option }.map(\.key)).filter { name in
      arguments.contains { $0 == name || $0.hasPrefix(name + "=") }
    }
    guard names.count > 1 else { return .usage("\(name) is given twice; give it once") }
    return .usage(
      switches.contains(option)
        ? "\(names.joined(separator: " and ")) exclude each other; give one"
        : "\(names.joined(separator: " and ")) are one option; give it once")
  }

  private static func check(_ name: String, _ value: String) throws {
    if name != "--mask-grow", value.first == "-", value.dropFirst().first?.isNumber == true {
      throw ToolError.usage(
        name == "--seed"
          ? "--seed is \(value), expected 0 to \(UInt64.max), or random"
          : "\(name) is \(value), expected no negative number")
    }
    guard name == "--size" || name == "--vae-tile" else { return }
    let sides = value.lowercased().split(whereSeparator: { "x*×:".contains($0) }).map(String.init)
    if sides.count == 2, let width = Int(sides[0]), let height = Int(sides[1]) {
      throw ToolError.usage("\(name) is \(value), expected one number, the longer side: \(name) \(max(width, height))")
    }
  }

  /// A word in a command's place that is none: what runs by default would complain of something else.
  private static func checkCommand(_ arguments: [String]) throws {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
    guard let word = words.first, !word.hasPrefix("-") else { return }
    let known =
      ColorizeCommand.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard !known.contains(word) else { return }
    let near = nearest(word, in: known).map { " Did you mean '\($0)'?" } ?? ""
    throw ToolError.usage("there is no command '\(word)'.\(near) (colorize --help lists the commands)")
  }

  /// An option that no command has, and what may be meant; nil if there is none.
  ///
  /// Where something that is needed is missing as well, the parser speaks of that alone, and whoever has written
  /// `--refrence` looks for it in vain. Of `-seed` it takes the letters one by one.
  static func unknownOption(in arguments: [String]) -> String? {
    var known: Set<String> = ["--help", "--version"]
    for command in ColorizeCommand.configuration.subcommands {
      for word in ColorizeCommand.helpMessage(for: command).split(whereSeparator: { " ,[]<>()=\n/".contains($0) })
      where word.hasPrefix("--") { known.insert(String(word)) }
    }
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
      let name = String(argument.prefix { $0 != "=" })
      if known.contains(name) || ["-", "-h"].contains(name)
        || shortNames.contains(String(name.prefix(2))) && name.count == 2
      {
        continue
      }
      // A negative number is a value.
      guard name.hasPrefix("--") || name.dropFirst().first?.isLetter == true else { continue }
      let near = nearest(name.hasPrefix("--") ? name : "-" + name, in: Array(known))
      return "Unknown option '\(name)'" + (near.map { ". Did you mean '\($0)'?" } ?? "")
    }
    return nil
  }

  private static let shortNames: Set<String> = ["-s", "-r", "-o", "-h"]

  /// What differs from a word in two letters at most, and in fewer than half of them.
  private static func nearest(_ word: String, in known: [String]) -> String? {
    let near = known.map { (distance: distance(word, $0), name: $0) }.min { $0 < $1 }
    guard let near, near.distance <= 2, near.distance * 2 < word.drop(while: { $0 == "-" }).count else { return nil }
    return near.name
  }

  /// The parser's words on a value that is none of the option's, with what one looks like.
  static func withExpectation(_ message: String) -> String {
    guard message.hasPrefix("The value '"), message.hasSuffix(">'"), let start = message.lastIndex(of: "<") else {
      return message
    }
    let expected: String? =
      switch message[message.index(after: start)...].dropLast(2) {
      case "n" where message.contains("'--seed "): "0 to \(UInt64.max), or random"
      case "n": "a whole number"
      case "pixels" where message.contains("'--vae-tile "): "auto, off, or a tile's side in pixels"
      case "pixels", "factor", "share", "part", "value", "scale", "number", "difference", "minutes", "seconds":
        "a number"
      case "level=factor":
        "\(list(AttentionControl.Level.allCases.map(\.rawValue))), and a factor, as in low=0.5"
      case "shade=hue": "\(list(Shade.allCases.map(\.rawValue))), and a hue of 0 to 360, as in shadow=240"
      case "r": "a rank of 1 to 8192, or a share of the narrower side above 0 and up to 1, as in 0.5"
      case "file[=scale]": "a file, with or without a scale, as in ours.safetensors=0.8"
      case "names" where message.contains("'--parts "):
        "second-stage, lora, all, \(list(TrainedPart.allCases.map(\.rawValue))); several with commas between"
      default: nil
      }
    return expected.map { "\(message), expected \($0)" } ?? message
  }

  /// `a, b or c`.
  private static func list(_ names: [String]) -> String {
    names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }

  /// How many letters must be put in, left out or replaced (Levenshtein).
  private static func distance(_ one: String, _ other: String) -> Int {
    let (a, b) = (Array(one), Array(other))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let cost = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(cost, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
