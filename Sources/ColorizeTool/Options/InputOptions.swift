import ArgumentParser

/// The pictures.
struct InputOptions: ParsableArguments {
  @Option(name: [.short, .long], help: ArgumentHelp("The line art, PNG or JPEG.", valueName: "file"))
  var sketch: String

  @Option(name: [.short, .long], help: ArgumentHelp("The picture whose colours to take.", valueName: "file"))
  var reference: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the result goes: .png (the options are stored in it), .jpg or .jpeg. A file that is there is replaced with "
        + "--overwrite only, in one step, when the result is complete.", valueName: "file"))
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

  @Option(help: ArgumentHelp("Whether the sketch's lines are dark or light.", valueName: "name"))
  var polarity: PolarityChoice = .auto

  @Option(help: PreparationChoice.help)
  var prepare: PreparationChoice = .auto
}
