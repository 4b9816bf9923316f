// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the saved state of a training says of itself.
public struct TrainingStateRecord: Sendable, Hashable {
  /// How many steps were taken.
  public let steps: Int
  /// What learns.
  public let parts: [TrainedPart]
  /// What a step does.
  public let settings: TrainingSettings
  /// The picture's side; areas are its square.
  public let resolution: Int
  /// The fingerprint of the model that it is trained on.
  public let modelFingerprint: String
  /// The mean loss of the last steps.
  public let loss: Double?
  /// Whether the file is, bit for bit, what was saved.
  public let isWhole: Bool

  /// The record of a file; nil if it is no state.
  public init?(_ file: SafetensorsFile) {
    guard let steps = Trainer.stepCount(ofState: file), let text = file.metadata[TrainingIdentity.metadataKey],
      let identity = try? JSONDecoder().decode(TrainingIdentity.self, from: Data(text.utf8))
    else { return nil }
    self.steps = steps
    parts = identity.parts
    settings = identity.settings
    resolution = identity.resolution
    modelFingerprint = identity.model
    loss = file.metadata["loss"].flatMap { Double($0) }
    do {
      try Trainer.checkState(file)
      isWhole = true
    } catch {
      isWhole = false
    }
  }
}
