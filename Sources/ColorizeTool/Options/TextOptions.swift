// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize

/// What texts change about the reference.
struct TextOptions: ParsableArguments {
  @Option(
    name: .customLong("manipulate"),
    help: ArgumentHelp(
      "Change the reference by a text, one step each time it is given: 'target=blue hair; anchor=blonde hair; "
        + "control=hair; scale=8; enhance; thresholds=0.5,0.55,0.65,0.95', of which only the target is needed. For models with "
        + "a text tower; see Docs/Text.md.", valueName: "step"))
  var manipulations: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where the text tower ends: penultimate leaves its last block out, as the published application does; last runs it, "
        + "as OpenCLIP does. (default: penultimate)", valueName: "block"))
  var textBlock: TextBlockChoice?

  /// Makes sure that what is said of texts has some.
  func check() throws {
    guard manipulations.isEmpty, textBlock != nil else { return }
    throw ToolError.usage("--text-block is for the texts of --manipulate; give one, or leave it out")
  }

  /// The steps; nil for none. The published program's form may have several lines, one a step.
  func manipulation() throws -> ReferenceManipulation? {
    guard !manipulations.isEmpty else { return nil }
    let manipulation = ReferenceManipulation(try manipulations.flatMap { try ReferenceManipulation(parsing: $0).steps })
    guard !manipulation.steps.isEmpty else { throw ToolError.usage("--manipulate is empty; give a target") }
    return with(manipulation)
  }

  /// A manipulation with the chosen end of the tower.
  func with(_ manipulation: ReferenceManipulation) -> ReferenceManipulation {
    var manipulation = manipulation
    if let textBlock { manipulation.runsLastTextBlock = textBlock == .last }
    return manipulation
  }
}

/// Where the text tower ends.
enum TextBlockChoice: String, ExpressibleByArgument, CaseIterable {
  case penultimate, last
}
