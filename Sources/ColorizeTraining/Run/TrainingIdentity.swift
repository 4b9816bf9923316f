// SPDX-License-Identifier: Apache-2.0

import DiffusionTraining

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What must be the same for a state to go on as if it had never stopped.
struct TrainingIdentity: Codable, Hashable {
  var model: String
  var pictures: String
  var resolution: Int
  var heldOut: Int
  var views: ViewSettings
  var settings: TrainingSettings
  /// The order of parts in a set is none.
  var parts: [TrainedPart]

  static let metadataKey = "training plan"

  func json() throws -> String {
    var own = self
    own.settings.parts = []
    // The same bits in other memory.
    own.settings.recomputation = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(own), as: UTF8.self)
  }

  /// What differs from a state's, in words; nil if nothing does.
  func difference(from text: String?) -> String? {
    guard let text, var other = try? JSONDecoder().decode(TrainingIdentity.self, from: Data(text.utf8)) else {
      return "it does not say what training it is of"
    }
    other.settings.parts = settings.parts
    other.settings.recomputation = settings.recomputation
    if other == self { return nil }
    var names: [String] = []
    func compare(_ name: String, _ isSame: Bool) { if !isSame { names.append(name) } }
    compare("the model", other.model == model)
    compare("the pictures", other.pictures == pictures)
    compare("the resolution (\(other.resolution))", other.resolution == resolution)
    compare("the number held out (\(other.heldOut))", other.heldOut == heldOut)
    compare("how views are made", other.views == views)
    compare("what learns (\(other.parts.map(\.rawValue).joined(separator: ", ")))", other.parts == parts)
    let (a, b) = (other.settings, settings)
    compare("the foreground's rank (\(a.foregroundRank))", a.foregroundRank == b.foregroundRank)
    compare("the background's rank (\(a.backgroundRank))", a.backgroundRank == b.backgroundRank)
    compare("the batch (\(a.batch))", a.batch == b.batch && a.rowsPerPass == b.rowsPerPass)
    compare("the learning rate (\(a.rate.peak)) or its course", a.rate == b.rate)
    compare("the seed (\(a.seed))", a.seed == b.seed)
    compare("the optimiser's settings", a.optimizer == b.optimizer && a.moments == b.moments && a.clip == b.clip)
    compare("the share without a reference (\(a.dropShare))", a.dropShare == b.dropShare)
    compare("the average (\(a.averageDecay ?? 0))", a.averageDecay == b.averageDecay)
    compare("the offset noise (\(a.offsetNoise))", a.offsetNoise == b.offsetNoise)
    compare("the weights of timesteps", a.weighting == b.weighting)
    compare("the choice of timesteps", a.times == b.times)
    if names.isEmpty { names.append("other settings") }
    return "it is of a training with another: " + names.joined(separator: ", ")
  }
}
