// SPDX-License-Identifier: Apache-2.0

import ColorizeTraining
import DiffusionCore
import DiffusionTraining

extension InspectCommand {
  /// Says what a saved state of a training is.
  ///
  /// - Throws: An error if it is damaged.
  static func inspect(_ state: TrainingStateRecord, path: String) throws {
    let settings = state.settings
    Console.shared.output("state of a training: \(ToolError.oneLine(path)), after step \(state.steps)")
    Console.shared.output(
      "trained on: a model with the fingerprint \(state.modelFingerprint), at \(state.resolution) x \(state.resolution)"
    )
    Console.shared.output("trained: \(state.parts.map(\.rawValue).joined(separator: ", "))")
    Console.shared.output("how: \(settings.batch) samples a step, rate \(settings.rate.peak), seed \(settings.seed)")
    if let loss = state.loss { Console.shared.output("loss: \(Format.decimal(loss, 4))") }
    guard state.isWhole else {
      throw ToolError(
        .unusableModel, "\(path): it is damaged: its content is not what was saved; --resume takes the one before")
    }
    Console.shared.output(
      "colorize train goes on with it by --resume; what was learned is the .safetensors file beside its folder")
  }
}
