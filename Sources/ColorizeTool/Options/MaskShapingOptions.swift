// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize

/// What is done to masks before they are used.
struct MaskShapingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How far the figure grows in its masks, -1000 to 1000 pixels of the picture; a negative length takes from it. "
        + "(default: 0)", valueName: "pixels"))
  var maskGrow: Double?

  @Option(
    help: ArgumentHelp(
      "How wide the ramp across the outline of masks is, 0 to 1000 pixels of the picture. (default: 0)",
      valueName: "pixels"))
  var maskFeather: Double?

  @Option(
    help: ArgumentHelp(
      "Values of masks from it on are figure, 0 to 1, before they grow and are feathered. (default: 0.5 if they do)",
      valueName: "value"))
  var maskThreshold: Float?

  /// What the options ask for; nil for nothing.
  var shaping: MaskShaping? {
    guard maskGrow != nil || maskFeather != nil || maskThreshold != nil else { return nil }
    return MaskShaping(threshold: maskThreshold, grow: maskGrow ?? 0, feather: maskFeather ?? 0)
  }
}
