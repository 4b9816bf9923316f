// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// Where and how strongly the reference and the sketch act.
struct StrengthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which parts of the network are active. auto: full if there are both masks (or the sketch's and a background) "
        + "and the model can, else vanilla. vanilla needs no mask, foreground the sketch's, background and full both.",
      valueName: "name"))
  var mode: ModeChoice = .auto

  @Option(help: ArgumentHelp("How strongly the reference acts, 0 to 10.", valueName: "factor"))
  var strength: Float = 1

  @Option(
    help: ArgumentHelp(
      "The same for a group of blocks: encoder, low, middle, high or bottom; may be repeated. The others keep "
        + "--strength.", valueName: "level=factor"))
  var strengthLevel: [LevelStrength] = []

  @Flag(
    help: ArgumentHelp(
      "Inject the reference's picture into the network's self-attentions, which takes colours from it more closely and "
        + "twice as long or more. Each of the next three options does so too."))
  var inject = false

  @Option(
    help: ArgumentHelp(
      "From where on the reference is injected, 0 (start of the run) to 1 (end). (default: 0)", valueName: "part"))
  var injectStart: Double?

  @Option(
    help: ArgumentHelp(
      "How far guidance pushes towards what is injected, 0 to 1. (default: 0.5)", valueName: "share"))
  var injectReference: Double?

  @Option(
    help: ArgumentHelp(
      "How strongly the reference's own lines guide its way through the network, 0 to 10. (default: 0)",
      valueName: "factor"))
  var injectSketch: Double?

  @Option(help: ArgumentHelp("A factor for the foreground in mask modes, 0 to 10.", valueName: "factor"))
  var foregroundStrength: Float = 1

  @Option(help: ArgumentHelp("A factor for the background in mask modes, 0 to 10.", valueName: "factor"))
  var backgroundStrength: Float = 1

  @Option(help: ArgumentHelp("How closely the lines are followed, 0 to 10.", valueName: "factor"))
  var sketchStrength: Float = 1

  @Option(
    help: ArgumentHelp("How much of the background is mixed into the foreground, 0 to 1.", valueName: "share"))
  var merge: Float = 0

  @Option(
    help: ArgumentHelp("Values of the sketch's mask above it are foreground, 0 to 1.", valueName: "value"))
  var sketchThreshold: Float = 0.05

  @Option(
    help: ArgumentHelp("Values of the reference's mask from it on are foreground, 0 to 1.", valueName: "value"))
  var referenceThreshold: Float = 0.5

  @Option(
    help: ArgumentHelp(
      "What the regions see in full mode: paper keeps them apart, published is what the released code does.",
      valueName: "name"))
  var contextLayout: ContextLayout = .paper

  @OptionGroup var masks: MaskShapingOptions
  @OptionGroup var texts: TextOptions

  func checkStrengths() throws {
    let named = [("--strength", strength)] + strengthLevel.map { ("--strength-level \($0.level.rawValue)", $0.factor) }
    for (name, factor) in named where !(0...10).contains(factor) {
      throw ToolError.usage("\(name) is \(factor), expected 0 to 10")
    }
  }

  /// The injection that the options ask for; nil for none.
  var injection: AttentionInjection? {
    guard inject || injectStart != nil || injectReference != nil || injectSketch != nil else { return nil }
    var injection = AttentionInjection()
    if let injectStart { injection.start = injectStart }
    if let injectReference { injection.reference = injectReference }
    if let injectSketch { injection.sketch = injectSketch }
    return injection
  }

  /// The factors. Given twice, a level has the last, as with options that are no lists.
  var referenceStrength: ReferenceStrength {
    guard !strengthLevel.isEmpty else { return .uniform(strength) }
    return .levels(Dictionary(strengthLevel.map { ($0.level, $0.factor) }) { $1 }, others: strength)
  }
}
