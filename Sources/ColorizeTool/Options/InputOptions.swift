// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize

/// The pictures.
struct InputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The line art: PNG, JPEG, TIFF, WebP, TGA, or the merged picture of a PSD, ORA or KRA; - is standard input, as with all "
        + "pictures.", valueName: "file"))
  var sketch: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The picture whose colours to take. Repeat it for several: each colours its --region, and those without one "
        + "share the rest.", valueName: "file"))
  var reference: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the result goes: .png (the options are stored in it), .jpg, .tif, .webp or .tga; - is standard output. A file that is "
        + "there is replaced with --overwrite only, in one step, when the result is complete.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Where the figure is in the sketch: white, or opaque.", valueName: "file"))
  var sketchMask: String?

  @Option(
    help: ArgumentHelp(
      "The area of the sketch that the --reference before it colours: white, or opaque. Where areas overlap, the later "
        + "one has the place.", valueName: "file"))
  var region: [PlacedFile] = []

  @Option(
    help: ArgumentHelp(
      "Where the figure is in the reference (of several, in the one before it): white, or opaque.", valueName: "file"))
  var referenceMask: [PlacedFile] = []

  @OptionGroup var shared: SharedInputOptions

  /// The references with what belongs to each, at least one.
  var references: [ReferenceFiles] {
    get throws { try ReferenceFiles.all(reference, regions: region, masks: referenceMask) }
  }

  /// The files that are read.
  var paths: [String] {
    [sketch] + reference + (referenceMask + region).map(\.path) + [sketchMask].compactMap(\.self) + shared.paths
  }

  /// What they are called.
  var names: InputNames {
    get throws {
      let references = try references
      return InputNames(
        sketch: sketch, reference: references[0].reference, sketchMask: sketchMask, referenceMask: references[0].mask,
        background: shared.background, alphaMasks: shared.alphaMasks, foundMasks: shared.findsMasks ? true : nil,
        referenceRegion: references[0].region,
        furtherReferences: references.count > 1 ? Array(references.dropFirst()) : nil,
        extractor: shared.extraction.extractor,
        segmenter: shared.segmentation.segmenter, sketchSegmenter: shared.segmentation.sketchSegmenter,
        segmenterInput: shared.segmentation.isGiven ? shared.segmentation.segmenterInput : nil)
    }
  }
}

/// What `run` and `shot` are told of their pictures alike.
struct SharedInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A picture whose colours the background takes, instead of a reference mask.", valueName: "file"))
  var background: String?

  @Flag(
    help: ArgumentHelp(
      "Take a mask that is not given from the alpha channel of its picture, where that has transparency: "
        + "for cut-out figures. (The alpha of lines on transparent paper is no mask.)"))
  var alphaMasks = false

  @Option(
    help: ArgumentHelp(
      "auto finds the masks that are not given, as `colorize mask` does; none takes those that are given only.",
      valueName: "name"))
  var masks: MasksChoice = .none

  @Option(help: ArgumentHelp("Whether the sketch's lines are dark or light.", valueName: "name"))
  var polarity: PolarityChoice = .auto

  @Option(help: PreparationChoice.help)
  var prepare: PreparationChoice = .auto

  @OptionGroup var extraction: ExtractorOptions
  @OptionGroup var segmentation: SegmenterOptions

  /// Whether masks that are not given are found, with a network or without one.
  var findsMasks: Bool { masks == .auto || segmentation.isGiven }

  /// What is done to the sketch: a network that is given is used.
  var preparation: SketchPreparation {
    get throws { try extraction.preparation(prepare) }
  }

  /// The files that are read.
  var paths: [String] {
    [background, extraction.extractor, segmentation.segmenter, segmentation.sketchSegmenter].compactMap(\.self)
  }
}
