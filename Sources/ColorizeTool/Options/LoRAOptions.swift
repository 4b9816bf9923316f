// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import ColorizeTraining
import DiffusionCore
import Foundation

/// Additions to the model.
struct LoRAOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Add what `colorize train` made, or another low-rank addition of this kind of model, as strongly as the scale says "
        + "(1). What acts in the mask modes alone needs --masks auto, or masks. May be given several times.",
      valueName: "file[=scale]"))
  var loras: [LoRAChoice] = []

  /// Opens the files.
  ///
  /// - Throws: ``LoRAError``, ``WeightError``.
  func open() throws -> [LoRAUse] {
    try loras.map { choice in
      guard choice.scale.isFinite else {
        throw ToolError.usage(
          "--lora \(choice.path): what follows the = is no scale, expected a number from -100 to 100")
      }
      if let file = try? SafetensorsFile(path: choice.path), TrainingStateRecord(file) != nil {
        throw ToolError.usage(
          "--lora \(choice.path): it is the saved state of a training, which --resume goes on with; what was learned is the "
            + ".safetensors file beside its folder")
      }
      return try LoRAUse(LoRAFile(path: choice.path), scale: choice.scale)
    }
  }

  /// Says which additions a mode leaves out.
  static func note(_ uses: [LoRAUse], in mode: InferenceMode, note: (String) -> Void) {
    let idle = uses.filter { !$0.acts(in: mode) }.map(\.shortName)
    guard !idle.isEmpty else { return }
    note(
      "mode \(mode.rawValue) does not use \(idle.joined(separator: " and ")), which adds to the mask modes; say --masks auto, give "
        + "masks, or say --mode foreground, background or full")
  }
}

/// `my.safetensors` or `my.safetensors=0.8`.
struct LoRAChoice: ExpressibleByArgument, Hashable {
  let path: String
  let scale: Float

  init?(argument: String) {
    // A file may have a name that looks like a scale.
    if let equals = argument.lastIndex(of: "="), FileName.kind(argument) == .none,
      case let text = argument[argument.index(after: equals)...], case let scale = Float(text) ?? .nan,
      scale.isFinite || FileName.kind(String(argument[..<equals])) != .none
    {
      path = String(argument[..<equals])
      // Told where it is opened: a path may hold an equals sign.
      self.scale = scale
    } else {
      path = argument
      scale = 1
    }
    if path.isEmpty { return nil }
  }
}
