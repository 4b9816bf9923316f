// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension TrainingSettings {
  /// A setting that no training can have.
  package struct Fault: Sendable, Hashable, CustomStringConvertible {
    package let option: String
    package let value: String
    package let expected: String

    package var description: String { "\(option) is \(value), expected \(expected)" }
  }

  /// The first setting that is out of its range; nil if all can be used.
  package var fault: Fault? {
    var found: Fault?
    func check(_ isValid: Bool, _ option: String, _ value: some Any, _ expected: String) {
      if !isValid, found == nil { found = Fault(option: option, value: "\(value)", expected: expected) }
    }
    check((1...1024).contains(batch), "the batch", batch, "1 to 1024")
    check((1...max(1, batch)).contains(rowsPerPass), "the rows of a pass", rowsPerPass, "1 to the batch, \(batch)")
    check(rate.peak > 0 && rate.peak <= 1, "the rate", rate.peak, "above 0, at most 1")
    check((0...100_000_000).contains(rate.warmUpStepCount), "the warm-up", rate.warmUpStepCount, "0 to 100000000 steps")
    if case .cosine(let steps, let floor) = rate.decay {
      check((1...100_000_000).contains(steps), "the length of the cosine", steps, "1 to 100000000 steps")
      check(floor >= 0 && floor <= rate.peak, "the floor of the cosine", floor, "0 to the rate")
    }
    check(isRank(foregroundRank), "the foreground's rank", foregroundRank, "1 to 8192, or a share above 0, at most 1")
    check(isRank(backgroundRank), "the background's rank", backgroundRank, "1 to 8192, or a share above 0, at most 1")
    check((0...1).contains(dropShare), "the share without a reference", dropShare, "0 to 1")
    check((0...1).contains(offsetNoise), "the offset noise", offsetNoise, "0 to 1")
    check((0..<1).contains(averageDecay ?? 0), "the average's decay", averageDecay ?? 0, "0 to below 1")
    check((clip ?? 1) > 0, "the longest gradient", clip ?? 1, "more than 0")
    check((recomputation ?? 0) >= 0, "the bytes of a part that is computed again", recomputation ?? 0, "0 or more")
    if case .minSNR(let gamma) = weighting {
      check(gamma > 0 && gamma <= 1000, "the gamma of min-SNR", gamma, "above 0, at most 1000")
    }
    if case .ofSampling(let steps) = times {
      check((1...1000).contains(steps), "the sampler's steps", steps, "1 to 1000")
    }
    check((0..<1).contains(optimizer.beta1), "beta 1", optimizer.beta1, "0 to below 1")
    check((0..<1).contains(optimizer.beta2), "beta 2", optimizer.beta2, "0 to below 1")
    check(optimizer.epsilon > 0 && optimizer.epsilon <= 1, "epsilon", optimizer.epsilon, "above 0, at most 1")
    check((0...1000).contains(optimizer.weightDecay), "the weight decay", optimizer.weightDecay, "0 to 1000")
    return found
  }

  private func isRank(_ rank: LoRARank) -> Bool {
    switch rank {
    case .rank(let number): (1...8192).contains(number)
    case .fraction(let share): share > 0 && share <= 1
    case .sum(let ranks): !ranks.isEmpty && ranks.allSatisfy(isRank)
    }
  }
}
