// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Everything that a run measured.
struct Report: Encodable {
  struct Options: Encodable {
    let backend: String
    let precision: String
    let preset: String
    let size: Int
    let weights: String
    let steps: Int
  }

  let machine: Machine
  let options: Options
  let groups: [GroupReport]
  /// What the group `quality` measured, if it was asked for.
  let quality: QualityReport?
  /// What the group `masks` measured, if it was asked for.
  let masks: MaskReport?

  init(machine: Machine, settings: Settings, groups: [GroupReport], quality: QualityReport?, masks: MaskReport?) {
    self.machine = machine
    self.quality = quality
    self.masks = masks
    self.options = Options(
      backend: settings.backend, precision: settings.precision.rawValue, preset: settings.preset.rawValue,
      size: settings.pixels,
      weights: settings.weights.rawValue, steps: settings.jobSteps)
    self.groups = groups
  }
}

/// What one group measured, as its process hands it over.
struct GroupReport: Codable {
  /// The other side of a comparison.
  struct PeerReport: Codable {
    let name: String
    let peakResidentGiB: Double
  }

  let group: String
  let limits: MachineLimits
  var rows: [Row] = []
  var profiles: [Profile] = []
  /// The most memory of the process that was resident at a time, from the making of the network on.
  var peakResidentGiB = 0.0
  var peer: PeerReport?
}

/// Times of one piece of work, in milliseconds.
struct Times: Codable {
  let median: Double
  let fastest: Double
  let slowest: Double

  /// Of at least one time, in seconds.
  init(seconds: [Double]) {
    let sorted = seconds.sorted()
    let middle = sorted.count / 2
    // Of an even number the mean of the middle two, or a pair would be judged by its slower half.
    let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    self.median = median * 1000
    fastest = sorted[0] * 1000
    slowest = sorted[sorted.count - 1] * 1000
  }
}

/// One line of the table.
struct Row: Codable {
  let name: String
  let ours: Times
  /// Arithmetic, 2 for each multiply-add; convolutions counted directly, without what Winograd's transforms save.
  let gigaflop: Double
  /// The operands of all operations, each once.
  let gigabytes: Double
  /// The least time that this takes at the measured limits of the machine.
  let floorMilliseconds: Double
  /// The most memory that was resident at a time in the counted runs.
  let peakResidentGiB: Double
  var peer: Times?
  /// The layout that the peer ran in, where it had the choice.
  var peerLayout: String?

  /// How many times as long the peer takes: above 1 we are faster.
  var advantage: Double? { peer.map { $0.median / ours.median } }

  enum CodingKeys: String, CodingKey {
    case name, ours, gigaflop, gigabytes, floorMilliseconds, peakResidentGiB, peer, peerLayout
  }
}

extension Encodable {
  /// Indented JSON with sorted keys.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
