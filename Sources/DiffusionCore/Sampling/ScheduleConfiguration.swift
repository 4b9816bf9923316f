// SPDX-License-Identifier: Apache-2.0

/// The numbers that define the forward (noising) process: Stable Diffusion's "scaled linear" betas.
///
/// As JSON: `{"linear_start": 0.00085, "linear_end": 0.012, "timesteps": 1000}`; a key that is missing takes its
/// default. Decoding does not judge the values: `validate()` does, and `NoiseSchedule` calls it.
public struct ScheduleConfiguration: Sendable, Hashable, Codable {
  /// The first beta, in (0, 1).
  public var linearStart: Double
  /// The last beta, in (0, 1) and not below the first.
  public var linearEnd: Double
  /// The number of training timesteps, 2...100000.
  public var timesteps: Int

  /// Makes a configuration; the defaults are those of Stable Diffusion.
  public init(linearStart: Double = 0.00085, linearEnd: Double = 0.012, timesteps: Int = 1000) {
    self.linearStart = linearStart
    self.linearEnd = linearEnd
    self.timesteps = timesteps
  }

  /// Decodes; a key that is missing takes its default.
  ///
  /// - Throws: `DecodingError` if a value has the wrong type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    linearStart = try container.decodeIfPresent(Double.self, forKey: .linearStart) ?? linearStart
    linearEnd = try container.decodeIfPresent(Double.self, forKey: .linearEnd) ?? linearEnd
    timesteps = try container.decodeIfPresent(Int.self, forKey: .timesteps) ?? timesteps
  }

  /// Checks every value against its range.
  ///
  /// - Throws: `ScheduleError.invalidConfiguration`, which names the value.
  public func validate() throws(ScheduleError) {
    // Written so that a NaN fails the comparison.
    guard linearStart > 0, linearStart < 1 else {
      throw .invalidConfiguration("linear_start \(linearStart) is not in (0, 1)")
    }
    guard linearEnd >= linearStart, linearEnd < 1 else {
      throw .invalidConfiguration("linear_end \(linearEnd) is not in [linear_start, 1)")
    }
    guard (2...100_000).contains(timesteps) else {
      throw .invalidConfiguration("timesteps \(timesteps) is not in 2...100000")
    }
  }

  private enum CodingKeys: String, CodingKey {
    case linearStart = "linear_start"
    case linearEnd = "linear_end"
    case timesteps
  }
}
