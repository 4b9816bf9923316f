// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// Options that were given and do nothing, in words: whoever sets one expects another picture.
struct IdleNotes {
  /// One line each.
  private(set) var lines: [String] = []

  /// Those of a request's settings.
  ///
  /// - Parameter options: what does nothing, see `ColorizeRequest.idleOptions(for:)`.
  init(_ options: [IdleOption], settings: ColorizeSettings) {
    for reason in IdleOption.Reason.allCases {
      var flags: [String] = []
      for idle in options where idle.reason == reason {
        let flag = idle.option.flag ?? idle.option.description
        if !flags.contains(flag) { flags.append(flag) }
      }
      guard !flags.isEmpty else { continue }
      lines.append(Self.line(reason, Self.list(flags), settings))
    }
  }

  /// None yet.
  init() {}

  /// Adds a line where one is due.
  mutating func add(_ line: String, if isIdle: Bool) { if isIdle { lines.append(line) } }

  /// Adds those that only say how the others are carried out.
  mutating func add(_ finish: FinishOptions, _ networks: SegmenterOptions, _ texts: TextOptions, _ model: ModelOptions)
  {
    add("--layers-by is for --layers; name a file of layers", if: finish.layersBy != .color && finish.layers.isEmpty)
    add(
      "--segmenter-input is for --segmenter; give the network's file",
      if: networks.segmenterInput != .negative && networks.segmenter == nil)
    let unread = [
      ("--text-encoder", model.checkpoint.textEncoder), ("--vocabulary", model.checkpoint.vocabulary),
    ].filter { $0.1 != nil }.map(\.0)
    add(
      "\(Self.list(unread)) \(unread.count > 1 ? "are" : "is") for --manipulate; give a text",
      if: !unread.isEmpty && texts.manipulations.isEmpty)
  }

  /// Adds ways to find masks where all of them are given.
  mutating func add(masksOf inputs: InputOptions) {
    let shared = inputs.shared
    let references = (try? inputs.references) ?? []
    let hasSketch = inputs.sketchMask != nil
    // Those of references with a region of their own are not looked for.
    let hasReferences = shared.background != nil || references.allSatisfy { $0.mask != nil || $0.region != nil }
    add(
      [
        ("--masks", shared.masks == .auto && hasSketch && hasReferences),
        ("--alpha-masks", shared.alphaMasks && hasSketch && hasReferences),
        (
          "--segmenter",
          shared.segmentation.segmenter != nil && hasReferences
            && (hasSketch || shared.segmentation.sketchSegmenter != nil)
        ),
        ("--sketch-segmenter", shared.segmentation.sketchSegmenter != nil && hasSketch),
      ], "the masks are given")
  }

  private static func line(_ reason: IdleOption.Reason, _ flags: String, _ settings: ColorizeSettings) -> String {
    switch reason {
    case .mode where settings.mode == .vanilla:
      "mode vanilla does not use \(flags); give masks, or --mode foreground, background or full"
    case .mode: "mode \(settings.mode.rawValue) does not use \(flags)"
    case .noFlats:
      "there are no flats for \(flags); say --fill flats, or name a file with --flats, --regions or --layers"
    case .noRegions: "nothing needs the regions that \(flags) would change; say --fill flats, or --lines own"
    case .givenPalette: "--palette gives all colours of flats, and \(flags) does nothing"
    case .paintingColors: "with --palette painting \(flags) does nothing"
    case .sampler:
      "\(settings.sampler.name) places its steps itself, and \(flags) does nothing; choose another --sampler"
    case .noGuidance: "without guidance \(flags) does nothing; say --guidance with a scale above 1"
    case .noHints: "\(flags) is for --hints, and there are none"
    case .fewSteps:
      "\(flags) is \(settings.previewInterval ?? 0), and there \(settings.steps == 1 ? "is 1 step" : "are \(settings.steps) steps"): no preview is made"
    }
  }

  /// Adds a line on options of which some are given.
  mutating func add(_ flags: [(name: String, isGiven: Bool)], _ reason: String) {
    if let line = Self.line(flags, reason) { lines.append(line) }
  }

  /// `--a and --b do nothing: no network computes here`; nil where none is given.
  static func line(_ flags: [(name: String, isGiven: Bool)], _ reason: String) -> String? {
    let names = flags.filter(\.isGiven).map(\.name)
    guard !names.isEmpty else { return nil }
    return "\(list(names)) \(names.count > 1 ? "do" : "does") nothing: \(reason)"
  }

  /// `--a, --b and --c`.
  private static func list(_ flags: [String]) -> String {
    guard let last = flags.last, flags.count > 1 else { return flags.first ?? "" }
    return flags.dropLast().joined(separator: ", ") + " and " + last
  }
}
