// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

/// What is drawn for one sample in one step.
struct StepDraws: Sendable {
  let timestep: Int
  let sketchThreshold: Float
  /// Whether the sample goes without its reference.
  let isDropped: Bool
  /// Standard normal, of the latent's size, channels-last.
  let noise: [Float]

  /// The purposes of drawing.
  static let training: UInt64 = 2
  static let validation: UInt64 = 3

  /// - Parameter place: what tells this sample in this step from all others.
  init(
    _ settings: TrainingSettings, purpose: UInt64, step: Int, row: Int, shape: Shape, schedule: NoiseSchedule
  ) {
    var random = TrainingRandom(
      seed: settings.seed, purpose, UInt64(bitPattern: Int64(step)), UInt64(bitPattern: Int64(row)))
    timestep = settings.times.draw(&random, schedule: schedule)
    sketchThreshold = Float(random.uniform(0.05...0.95))
    // Where a loss is only looked at, all samples have their reference.
    isDropped = random.happens(settings.dropShare) && purpose == Self.training
    var values = random.normals(shape.elementCount)
    if settings.offsetNoise != 0 {
      let channels = shape[shape.rank - 1]
      let offsets = random.normals(channels).map { $0 * Float(settings.offsetNoise) }
      for index in values.indices { values[index] += offsets[index % channels] }
    }
    noise = values
  }
}

extension TrainingSettings.Times {
  /// A timestep, 0..<count.
  func draw(_ random: inout TrainingRandom, schedule: NoiseSchedule) -> Int {
    switch self {
    case .uniform: return random.index(schedule.count)
    case .ofSampling(let stepCount):
      // A sampler of n steps asks at n places from the last timestep down; each stands for its part of the axis, of which
      // the upper half is drawn.
      let steps = max(1, stepCount)
      let place = Double(random.index(steps))
      let width = Double(schedule.count) / Double(steps)
      let spread = min(width / 2, Double(schedule.count) / 20)
      let time = Double(schedule.count) - 1 - place * width - random.unit() * spread
      return min(max(Int(time.rounded()), 0), schedule.count - 1)
    }
  }
}
