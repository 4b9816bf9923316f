// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a trained file says of itself: on what it was trained, and how.
///
/// It holds nothing that differs from run to run, so that equal training makes equal files.
public struct TrainingRecord: Sendable, Hashable, Codable {
  /// The program and its version.
  public var software: String
  /// The name of the model that it was trained on, without folders.
  public var model: String
  /// That model's `ModelFingerprint`.
  public var modelFingerprint: String
  /// What learned.
  public var parts: [TrainedPart]
  /// The rank of the foreground's branches, where they learned.
  public var foregroundRank: LoRARank?
  /// The rank of the background's branches, where they learned.
  public var backgroundRank: LoRARank?
  /// The name of the folder of pictures.
  public var data: String
  /// How many pictures there were, without those held out.
  public var pictures: Int
  /// How many of the pictures were held out.
  public var heldOut: Int
  /// The picture's side; areas are its square.
  public var resolution: Int
  /// Steps that were taken.
  public var steps: Int
  /// Samples of a step.
  public var batch: Int
  /// The highest learning rate.
  public var rate: Double
  /// The seed.
  public var seed: UInt64
  /// The mean loss of the last steps.
  public var loss: Double?
  /// The loss on pictures held out, before training and now.
  public var validation: [Double]?

  /// A record.
  public init(
    software: String, model: String, modelFingerprint: String, parts: [TrainedPart], foregroundRank: LoRARank?,
    backgroundRank: LoRARank?, data: String, pictures: Int, heldOut: Int, resolution: Int, steps: Int, batch: Int,
    rate: Double, seed: UInt64, loss: Double? = nil, validation: [Double]? = nil
  ) {
    self.software = software
    self.model = model
    self.modelFingerprint = modelFingerprint
    self.parts = parts
    self.foregroundRank = foregroundRank
    self.backgroundRank = backgroundRank
    self.data = data
    self.pictures = pictures
    self.heldOut = heldOut
    self.resolution = resolution
    self.steps = steps
    self.batch = batch
    self.rate = rate
    self.seed = seed
    self.loss = loss
    self.validation = validation
  }

  /// The key of the record in a file's metadata.
  public static let metadataKey = "training"

  /// The record of a file; nil where it has none, or one that cannot be read.
  public init?(_ file: LoRAFile) {
    guard let text = file.file.metadata[Self.metadataKey],
      let record = try? JSONDecoder().decode(TrainingRecord.self, from: Data(text.utf8))
    else { return nil }
    self = record
  }

  /// The record as a file's metadata has it.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
