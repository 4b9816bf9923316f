// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The frames of a shot.
struct ShotInputOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The drawings: 'cut/####.png' (one # a digit), 'cut/%04d.png', 'cut/*.png', or a list of files. Numbers may have gaps "
        + "and any start.", valueName: "frames"))
  var frames: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The picture whose colours to take: one for all frames, or one for each, as in 'sheets/####.png'. Repeat it for "
        + "several: each colours its --region, and those without one share the rest.", valueName: "file"))
  var reference: [String]

  @Option(
    help: ArgumentHelp(
      "The areas of the drawings that the --reference before it colours, as in 'cut/hair/####.png': white, or opaque.",
      valueName: "file"))
  var region: [PlacedFile] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the results go, with the frames' numbers, 'out/####.png', or their names, 'out/*.png'. The folder is made "
        + "if it is not there.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Where the figures are in the drawings, as in 'cut/mask/####.png': white, or opaque.", valueName: "file"))
  var sketchMask: String?

  @Option(
    help: ArgumentHelp(
      "Where the figure is in the reference (of several, in the one before it): white, or opaque.", valueName: "file"))
  var referenceMask: [PlacedFile] = []

  @OptionGroup var shared: SharedInputOptions

  @Option(
    help: ArgumentHelp(
      "What single frames have that others have not, in a .json or .csv: their masks, reference and settings. See "
        + "Docs/Shots.md.", valueName: "file"))
  var sheet: String?

  /// The patterns of the references with what belongs to each, at least one.
  var references: [ReferenceFiles] {
    get throws { try ReferenceFiles.all(reference, regions: region, masks: referenceMask) }
  }
}

/// Which frames of the shot, and what is known of them.
struct ShotRunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only these frames: 100-199, or 1,5,20-24.", valueName: "numbers"))
  var frames: String?

  @Option(
    help: ArgumentHelp(
      "Only one part of several, for as many machines: 2/8. Which frames it has follows from their drawings' content, so "
        + "that frames which are added change nothing about the others.", valueName: "i/n"))
  var shard: String?

  @Option(
    help: ArgumentHelp(
      "Where it is kept which frames are finished. (default: shot.jsonl beside the results)", valueName: "file"))
  var manifest: String?

  @Option(
    help: ArgumentHelp(
      "Pictures of frames that are as they shall be, with commas between them: out/0001.png,out/0024.png. They are never "
        + "altered, and what is the same in the other frames takes their colours.", valueName: "files"))
  var keys: String?

  @Option(
    help: ArgumentHelp(
      "auto lets the flats of all frames agree on colours when they are done, by what is the same from frame to frame; "
        + "none leaves each frame as it was done alone.", valueName: "name"))
  var consistency: ConsistencyChoice = .auto

  @Flag(
    help: ArgumentHelp(
      "Write nothing: say what there is to do, the memory that it takes, and how long, from frames that were done before, "
        + "or else from a few steps of the first one."))
  var dryRun = false

  /// Whether all frames are asked for.
  var isWhole: Bool { frames == nil && shard == nil }
}

/// What frames have to do with each other.
enum ConsistencyChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, none
}

/// What shows the shot as a whole, once its frames are done.
struct ShotWatchingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Also write a sheet of all finished frames there, a .png.", valueName: "file"))
  var contactSheet: String?

  @Option(
    help: ArgumentHelp(
      "Also write an animation of all finished frames there, a .png that browsers play (APNG). A frame stands until the "
        + "next one's number.", valueName: "file"))
  var animation: String?

  @Option(help: ArgumentHelp("The animation's frames in a second, 1 to 240.", valueName: "n"))
  var fps = 24.0

  @Option(
    help: ArgumentHelp(
      "Also write a page there, a .html, of all frames and of what changes its colour from each to the next, to see where "
        + "to mend.", valueName: "file"))
  var report: String?

  @Flag(
    help: ArgumentHelp(
      "Colour nothing: say which frames are not finished, with exit status 1 if there are any, and write what shows the "
        + "shot as a whole. For the job after those of a farm."))
  var check = false
}
