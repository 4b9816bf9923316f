// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Everything that decides what a training does with its samples.
public struct TrainingSettings: Sendable, Hashable, Codable {
  /// Which timesteps are drawn.
  public enum Times: Sendable, Hashable, Codable {
    /// All alike.
    case uniform
    /// Those at which a sampler of so many steps asks the network, spread a little: for a model that paints in few steps,
    /// and never sees the others.
    case ofSampling(stepCount: Int)
  }

  /// What learns.
  public var parts: Set<TrainedPart>
  /// The rank of the branches that are added to the model's own, where those of the foreground learn.
  public var foregroundRank: LoRARank
  /// The same for the background.
  public var backgroundRank: LoRARank
  /// How many samples make a step.
  public var batch: Int
  /// How many of them go through the network at one time; fewer take less memory.
  public var rowsPerPass: Int
  /// The learning rate of each step.
  public var rate: LearningRate
  /// The constants of AdamW.
  public var optimizer: AdamWConfiguration
  /// How the optimiser keeps its moments.
  public var moments: MomentStorage
  /// The longest gradient that is taken as it is.
  public var clip: Double?
  /// The decay of the moving average that is saved in place of the weights; nil saves the weights.
  public var averageDecay: Double?
  /// How timesteps count.
  public var weighting: DiffusionObjective.Weighting
  /// Which timesteps are drawn.
  public var times: Times
  /// The strength of the noise that all pixels of a channel share.
  public var offsetNoise: Double
  /// How often a sample goes without its reference, 0...1: what guidance needs.
  public var dropShare: Double
  /// Where the values that derivatives need come from.
  public var recomputation: Int?
  /// The seed of all that is drawn.
  public var seed: UInt64

  /// The settings of the paper's second stage, of a small batch.
  public init(
    parts: Set<TrainedPart> = TrainedPart.secondStage, foregroundRank: LoRARank = .rank(8),
    backgroundRank: LoRARank = .rank(8), batch: Int = 4, rowsPerPass: Int = 4,
    rate: LearningRate = LearningRate(peak: 1e-4, warmUpStepCount: 10),
    optimizer: AdamWConfiguration = AdamWConfiguration(),
    moments: MomentStorage = .single, clip: Double? = 1, averageDecay: Double? = 0.99,
    weighting: DiffusionObjective.Weighting = .none, times: Times = .uniform, offsetNoise: Double = 0,
    dropShare: Double = 0.1, recomputation: Int? = nil, seed: UInt64 = 0
  ) {
    self.parts = parts
    self.foregroundRank = foregroundRank
    self.backgroundRank = backgroundRank
    self.batch = batch
    self.rowsPerPass = rowsPerPass
    self.rate = rate
    self.optimizer = optimizer
    self.moments = moments
    self.clip = clip
    self.averageDecay = averageDecay
    self.weighting = weighting
    self.times = times
    self.offsetNoise = offsetNoise
    self.dropShare = dropShare
    self.recomputation = recomputation
    self.seed = seed
  }
}

extension TrainedPart {
  /// Names of sets of parts.
  public static let namedSets: [(name: String, parts: Set<TrainedPart>)] =
    [("second-stage", secondStage), ("lora", [.foregroundLoRA, .backgroundLoRA])]
    + [("all", Set(allCases).subtracting([.vae]))] + allCases.map { ($0.rawValue, [$0]) }

  /// The parts of a name, such as `second-stage`, `unet`, or several with commas between; nil for one that is unknown.
  public static func parts(named text: String) -> Set<TrainedPart>? {
    var parts: Set<TrainedPart> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let set = namedSets.first(where: { $0.name == name })?.parts else { return nil }
      parts.formUnion(set)
    }
    return parts.isEmpty ? nil : parts
  }

  /// In the order of all cases.
  public static func sorted(_ parts: Set<TrainedPart>) -> [TrainedPart] { allCases.filter(parts.contains) }
}
