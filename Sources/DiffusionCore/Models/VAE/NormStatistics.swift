// SPDX-License-Identifier: Apache-2.0

/// Mean and variance of each group of a group norm.
package struct GroupMoments: Sendable {
  var means: [Double]
  var variances: [Double]

  /// The moments of samples of equal size taken together.
  static func pooled(_ samples: [GroupMoments]) -> GroupMoments {
    let count = Double(samples.count)
    var pooled = samples[0]
    for group in pooled.means.indices {
      let mean = samples.reduce(0) { $0 + $1.means[group] } / count
      pooled.means[group] = mean
      pooled.variances[group] =
        samples.reduce(0) { $0 + $1.variances[group] + ($1.means[group] - mean) * ($1.means[group] - mean) } / count
    }
    return pooled
  }
}

/// Where the group norms of one pass through a stack of layers take their statistics from.
///
/// Group norms look at the whole picture. In a tile they would see another mean and variance than in its neighbour, and
/// the tiles would differ in colour; so tiles are normalised with statistics that were recorded before.
package final class NormStatistics {
  private enum Source {
    case own
    case recorded([GroupMoments])
  }

  private let source: Source
  private let records: Bool
  private var next = 0
  /// What was recorded, in the order in which the norms ran.
  package private(set) var moments: [GroupMoments] = []

  private init(_ source: Source, records: Bool) {
    self.source = source
    self.records = records
  }

  /// Every norm sees what it is given: the layer as it is defined.
  package static var own: NormStatistics { NormStatistics(.own, records: false) }
  /// As ``own``, and remembers what every norm has seen.
  package static var recording: NormStatistics { NormStatistics(.own, records: true) }
  /// Every norm takes the moments that the norm of the same number has seen in another pass.
  package static func recorded(_ moments: [GroupMoments]) -> NormStatistics {
    NormStatistics(.recorded(moments), records: false)
  }

  /// Normalises `[1, H, W, C]` and applies the activation.
  func normalize(_ x: Tensor, by norm: GroupNorm, activation: Activation) throws -> Tensor {
    switch source {
    case .own:
      if records { moments.append(try norm.moments(of: x)) }
      return try norm(x, activation: activation)
    case .recorded(let moments):
      defer { next += 1 }
      return try norm.normalize(x, with: moments[next], activation: activation)
    }
  }
}

extension GroupNorm {
  /// The moments of each group in `[1, H, W, C]`.
  fileprivate func moments(of x: Tensor) throws -> GroupMoments {
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let groupWidth = channels / groups
    // In strips, so that what is computed on the way stays small beside the picture itself.
    let rows = max(1, (1 << 20) / (width * channels))
    var count = 0.0
    var result = GroupMoments(
      means: [Double](repeating: 0, count: groups), variances: [Double](repeating: 0, count: groups))
    for first in stride(from: 0, to: height, by: rows) {
      let strip = x.sliced(axis: 1, first..<min(first + rows, height))
      let positions = strip.shape[1] * width
      let grouped = try strip.reshaped([positions, groups, groupWidth]).transposed(1, 0, 2)
        .reshaped([groups, positions * groupWidth])
      let mean = try grouped.mean()
      let centred = try grouped - mean
      let means = try mean.floats()
      let variances = try (centred * centred).mean().floats()
      // Chan et al.'s rule for the moments of two sets from those of each.
      let added = Double(positions)
      let share = added / (count + added)
      for group in 0..<groups {
        let step = Double(means[group]) - result.means[group]
        result.variances[group] +=
          (Double(variances[group]) - result.variances[group]) * share + step * step * share * (1 - share)
        result.means[group] += step * share
      }
      count += added
    }
    return result
  }

  /// Normalises `[..., C]` with given moments and applies the activation.
  fileprivate func normalize(_ x: Tensor, with moments: GroupMoments, activation: Activation) throws -> Tensor {
    let channels = gamma.shape[0]
    let groupWidth = channels / groups
    var (scales, shifts) = ([Float](), [Float]())
    for (mean, variance) in zip(moments.means, moments.variances) {
      let inverse = 1 / (variance + Double(epsilon)).squareRoot()
      scales += [Float](repeating: Float(inverse), count: groupWidth)
      shifts += [Float](repeating: Float(-mean * inverse), count: groupWidth)
    }
    let scale = try Tensor(scales, shape: [channels], on: x.backend) * gamma
    let shift = try Tensor(shifts, shape: [channels], on: x.backend) * gamma + beta
    return try (x * scale + shift).activated(activation)
  }
}
