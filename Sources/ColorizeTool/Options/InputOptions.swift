// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The pictures.
struct InputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The line art: PNG, JPEG, TIFF, WebP, TGA, or the merged picture of a PSD, ORA or KRA; - is standard input, as with all "
        + "pictures.", valueName: "file"))
  var sketch: String

  @Option(name: [.short, .long], help: ArgumentHelp("The picture whose colours to take.", valueName: "file"))
  var reference: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the result goes: .png (the options are stored in it), .jpg, .tif, .webp or .tga; - is standard output. A file that is "
        + "there is replaced with --overwrite only, in one step, when the result is complete.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Where the figure is in the sketch: white, or opaque.", valueName: "file"))
  var sketchMask: String?

  @Option(help: ArgumentHelp("Where the figure is in the reference: white, or opaque.", valueName: "file"))
  var referenceMask: String?

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

  /// The files that are read.
  var paths: [String] {
    [
      sketch, reference, sketchMask, referenceMask, background, extraction.extractor, segmentation.segmenter,
      segmentation.sketchSegmenter,
    ].compactMap(\.self)
  }

  /// What they are called.
  var names: InputNames {
    InputNames(
      sketch: sketch, reference: reference, sketchMask: sketchMask, referenceMask: referenceMask,
      background: background,
      alphaMasks: alphaMasks, foundMasks: findsMasks ? true : nil, extractor: extraction.extractor,
      segmenter: segmentation.segmenter, sketchSegmenter: segmentation.sketchSegmenter,
      segmenterInput: segmentation.isGiven ? segmentation.segmenterInput : nil)
  }
}
