// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where on the sigma axis the steps of a sampler stand.
public enum SigmaSchedule: String, Sendable, Hashable, CaseIterable, Codable {
  /// What the sampler prefers (see `resolved(preferring:)`), else `normal`.
  case automatic
  /// t evenly spaced from the last timestep to 0; also called uniform.
  case normal
  /// sigma^(1/7) evenly spaced (T. Karras et al., NeurIPS 2022, equation 5).
  case karras
  /// log sigma evenly spaced.
  case exponential
  /// log sigma by a power of an even ramp, with k-diffusion's default power rho = 1.
  case polyexponential
  /// t evenly spaced over one step more, and the last is left out (Stability's generative-models).
  case sgmUniform = "sgm_uniform"

  /// The numbers of steps that a schedule can be asked for.
  public static let stepRange = 1...1000

  /// Finds a schedule by a name: a raw value, or "uniform" for `normal`; case, spaces, "-" and "_" do not count.
  ///
  /// - Throws: `ScheduleError.unknownName`.
  public init(named name: String) throws(ScheduleError) {
    func plain(_ text: String) -> String { text.lowercased().filter { !" -_".contains($0) } }
    let wanted = plain(name)
    if wanted == "uniform" {
      self = .normal
    } else if let match = Self.allCases.first(where: { plain($0.rawValue) == wanted }) {
      self = match
    } else {
      throw .unknownName(name, allowed: Self.allCases.map(\.rawValue) + ["uniform"])
    }
  }

  /// Decodes a name that `init(named:)` takes.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for another name.
  public init(from decoder: any Decoder) throws {
    self = try decoder.value(named: { name throws(ScheduleError) in try Self(named: name) })
  }

  /// This schedule, or the sampler's own if this is `automatic`.
  public func resolved(preferring preference: SigmaSchedule) -> SigmaSchedule {
    self == .automatic ? preference : self
  }

  /// The sigmas of a run: `steps + 1` values that fall from `schedule.sigmaMax` and end in 0.
  ///
  /// karras: `sigma_i = (max^(1/7) + i/(n-1) (min^(1/7) - max^(1/7)))^7`; exponential and polyexponential:
  /// `exp(linspace(ln max, ln min))`; normal: `sigma(linspace(last, 0))`; sgm_uniform: `sigma(linspace(t(max),
  /// t(min), n + 1))` without the last. Then 0. The rules of k-diffusion and of the Stable Diffusion web UI.
  ///
  /// - Parameters:
  ///   - steps: in `stepRange`.
  ///   - schedule: the process that gives sigma of t.
  ///   - discardNextToLast: make one step more and leave out the last sigma before the 0, as DPM2, DPM2 a and
  ///     DPM++ 3M SDE want it.
  /// - Throws: `ScheduleError.stepsOutOfRange`.
  public func sigmas(
    steps: Int, schedule: NoiseSchedule, discardNextToLast: Bool = false
  ) throws(ScheduleError) -> [Double] {
    guard Self.stepRange.contains(steps) else {
      throw .stepsOutOfRange(steps: steps, allowed: Self.stepRange)
    }
    let count = discardNextToLast ? steps + 1 : steps
    let sigmas = positiveSigmas(count: count, schedule: schedule)
    return Array(sigmas.prefix(steps)) + [0]
  }

  private func positiveSigmas(count: Int, schedule: NoiseSchedule) -> [Double] {
    switch self {
    case .automatic, .normal:
      linspace(schedule.lastTimestep, 0, count: count).map { schedule.sigma(at: $0) }
    case .karras:
      Self.karrasSigmas(from: schedule.sigmaMax, to: schedule.sigmaMin, count: count)
    case .exponential, .polyexponential:
      linspace(log(schedule.sigmaMax), log(schedule.sigmaMin), count: count).map { exp($0) }
    case .sgmUniform:
      linspace(schedule.lastTimestep, 0, count: count + 1).dropLast().map { schedule.sigma(at: $0) }
    }
  }

  /// `count` sigmas between two of them, evenly spaced in sigma^(1/rho) with rho = 7; the 0 is not appended.
  static func karrasSigmas(from first: Double, to last: Double, count: Int) -> [Double] {
    let rho = 7.0
    return linspace(pow(first, 1 / rho), pow(last, 1 / rho), count: count).map { pow($0, rho) }
  }
}
