// SPDX-License-Identifier: Apache-2.0

import DiffusionTraining

/// What a running training reports.
public enum TrainingEvent: Sendable {
  /// Something its user may want to know.
  case note(String)
  /// It goes on after that step of a saved state.
  case resumed(step: Int)
  /// It begins: so many numbers learn, on so many pictures, and so many are held out. The bytes that a step takes are
  /// counted where the backend can.
  case began(parameterCount: Int, pictureCount: Int, heldOutCount: Int, peakBytes: Int?)
  /// A step is done, and how far the whole is, 0...1.
  case step(StepReport, share: Double)
  /// The loss on pictures held out, after that step.
  case validated(step: Int, loss: Double)
  /// A contact sheet is written.
  case sheet(path: String)
  /// A state, and the result as it is, are written.
  case saved(step: Int)
}
