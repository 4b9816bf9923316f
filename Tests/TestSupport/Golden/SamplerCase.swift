// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A recorded run of a sampler, as `samplers_cases.json` has it.
package struct SamplerCase: Decodable, Sendable {
  package let key: String
  package let sampler: String
  package let scheduler: String
  package let condition: String
  package let batch: Int
  package let steps: Int
  /// How many draws of noise were recorded.
  package let noises: Int
  package let predictionType: PredictionType
  package let guidance: Guidance
  package let merge: Float
  package let maskThreshold: Float
  package let useForeground: Bool
  package let useBackground: Bool

  enum CodingKeys: String, CodingKey {
    case key, sampler, scheduler, batch, steps, noises
    case condition = "cond"
    case predictionType = "parameterization"
    case guided = "cfg_kind"
    case scale = "cfg_scale"
    case merge = "merge_scale"
    case maskThreshold = "mask_threshold"
    case useForeground = "lora_fg"
    case useBackground = "lora_bg"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    key = try values.decode(String.self, forKey: .key)
    sampler = try values.decode(String.self, forKey: .sampler)
    scheduler = try values.decode(String.self, forKey: .scheduler)
    condition = try values.decode(String.self, forKey: .condition)
    batch = try values.decode(Int.self, forKey: .batch)
    steps = try values.decode(Int.self, forKey: .steps)
    noises = try values.decode(Int.self, forKey: .noises)
    predictionType = try values.decode(PredictionType.self, forKey: .predictionType)
    merge = try values.decode(Float.self, forKey: .merge)
    maskThreshold = try values.decode(Float.self, forKey: .maskThreshold)
    useForeground = try values.decode(Bool.self, forKey: .useForeground)
    useBackground = try values.decode(Bool.self, forKey: .useBackground)
    switch try values.decode(String.self, forKey: .guided) {
    case "none": guidance = Guidance(reference: 1, sketch: 1)
    case "reference": guidance = Guidance(reference: try values.decode(Double.self, forKey: .scale), sketch: 1)
    case "sketch": guidance = Guidance(reference: 1, sketch: try values.decode(Double.self, forKey: .scale))
    case "dual":
      let scales = try values.decode([Double].self, forKey: .scale)
      guidance = Guidance(reference: scales[0], sketch: scales[1])
    case let kind:
      throw DecodingError.dataCorruptedError(
        forKey: .guided, in: values, debugDescription: "no such guidance: \(kind)")
    }
  }

  /// How many of its draws a sampler may leave: the last of DPM fast is multiplied by 0.
  package var spareNoises: Int { sampler == "DPM fast" ? 1 : 0 }

  /// The recorded noise in the order in which the sampler here asks for it.
  package func noise(_ golden: GoldenFile) throws -> [[Float]] {
    guard noises > 0 else { return [] }
    let draws = try golden.rows("\(key).noise")
    guard sampler == "DPM++ SDE" else { return draws }
    let sigmas = try golden.rows("\(key).noise_sigma_pairs").map { $0.map(Double.init) }
    let steps = stride(from: 0, to: draws.count - 1, by: 2).map { [sigmas[$0][0], sigmas[$0][1], sigmas[$0 + 1][1]] }
    return Self.halves(draws, of: steps)
  }

  /// The noise of DPM++ SDE: recorded are the path's increments over a half step and over the whole; here the second draw is
  /// what comes after the half step.
  ///
  /// - Parameter steps: of each step the sigmas of its start, its middle and its end.
  package static func halves(_ recorded: [[Float]], of steps: [[Double]]) -> [[Float]] {
    var draws = recorded
    for (index, sigmas) in steps.enumerated() where 2 * index + 1 < draws.count {
      let (start, middle, end) = (sigmas[0], sigmas[1], sigmas[2])
      let (first, rest) = ((start - middle).squareRoot(), (middle - end).squareRoot())
      draws[2 * index + 1] = zip(draws[2 * index], draws[2 * index + 1]).map { half, whole in
        Float((Double(whole) * (start - end).squareRoot() - Double(half) * first) / rest)
      }
    }
    return draws
  }
}
