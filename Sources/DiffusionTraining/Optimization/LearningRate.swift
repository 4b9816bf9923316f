// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The learning rate of each step.
public struct LearningRate: Sendable, Hashable, Codable {
  /// What follows the warm-up.
  public enum Decay: Sendable, Hashable, Codable {
    /// The peak, to the end.
    case constant
    /// Half a wave of the cosine from the peak to the floor (Loshchilov and Hutter 2017), which is kept after it.
    case cosine(stepCount: Int, floor: Double)
  }

  /// The highest rate.
  public var peak: Double
  /// Over how many steps the rate rises to the peak, in equal parts; 0 begins with it.
  public var warmUpStepCount: Int
  /// What follows.
  public var decay: Decay

  /// A schedule.
  public init(peak: Double, warmUpStepCount: Int = 0, decay: Decay = .constant) {
    self.peak = peak
    self.warmUpStepCount = warmUpStepCount
    self.decay = decay
  }

  /// The rate of a step, counted from 0.
  public func value(at step: Int) -> Double {
    if step < warmUpStepCount { return peak * Double(step + 1) / Double(warmUpStepCount) }
    switch decay {
    case .constant: return peak
    case .cosine(let stepCount, let floor):
      let length = stepCount - warmUpStepCount
      guard length > 0 else { return floor }
      let progress = min(1, Double(step - warmUpStepCount) / Double(length))
      return floor + (peak - floor) * 0.5 * (1 + cos(.pi * progress))
    }
  }
}
