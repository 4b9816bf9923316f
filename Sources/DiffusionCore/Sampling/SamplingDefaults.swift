// SPDX-License-Identifier: Apache-2.0

/// The settings of a run that suit a model where its user names none.
public struct SamplingDefaults: Sendable, Hashable, Codable {
  /// Sampling steps, 1...1000.
  public var steps: Int
  /// The sampler.
  public var sampler: Sampler
  /// The reference's guidance scale, 0...100.
  public var guidance: Double

  /// Settings of a run.
  public init(steps: Int, sampler: Sampler, guidance: Double) {
    self.steps = steps
    self.sampler = sampler
    self.guidance = guidance
  }

  /// What suits the published checkpoints.
  public static let published = SamplingDefaults(steps: 20, sampler: .dpmpp2M, guidance: 4)
}
