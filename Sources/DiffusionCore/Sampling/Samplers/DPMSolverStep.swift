// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a step with ancestral noise leads without it, no further than `last`, and how much noise leads back from there.
func ancestralEnd(from start: Double, to next: Double, last: Double) -> (time: Double, noise: Double) {
  let end = min(last, -log(SigmaStep.ancestral(from: exp(-start), to: exp(-next)).down))
  return (end, max(0, exp(-2 * next) - exp(-2 * end)).squareRoot())
}

/// A step of the single-step solvers of C. Lu et al., "DPM-Solver" (NeurIPS 2022), on sigmas.
///
/// With the time `t = -ln sigma`, `h = t' - t` and the noise `eps = (x - denoised) / sigma`, a constant eps leads to
/// `x' = x - sigma' (e^h - 1) eps`; higher orders add what eps changes by on the way.
struct DPMSolverStep {
  private let denoiser: any Denoiser
  private let x: Tensor
  private let time: Double
  /// The model's output where the step begins.
  let denoised: Tensor
  private let noise: Tensor

  /// The noise at a part of the way.
  struct Evaluation {
    let part: Double
    /// What it is more than at the beginning.
    let change: Tensor
  }

  init(_ denoiser: any Denoiser, _ x: Tensor, time: Double) throws {
    self.denoiser = denoiser
    self.x = x
    self.time = time
    denoised = try denoiser.denoised(x, sigma: exp(-time))
    noise = try (x - denoised) * Float(exp(time))
  }

  /// Evaluates a part of the way to `end`, where a step of order 1 leads.
  func evaluation(at part: Double, of end: Double) throws -> Evaluation {
    let there = time + part * (end - time)
    return try evaluation(first(to: there), at: part, time: there)
  }

  private func evaluation(_ x: Tensor, at part: Double, time: Double) throws -> Evaluation {
    let found = try (x - denoiser.denoised(x, sigma: exp(-time))) * Float(exp(time))
    return Evaluation(part: part, change: try found - noise)
  }

  /// Order 1.
  func first(to end: Double) throws -> Tensor { try x - noise * Float(exp(-end) * expm1(end - time)) }

  /// Order 2, by the noise at one place on the way.
  func second(to end: Double, middle: Evaluation) throws -> Tensor {
    try first(to: end) - middle.change * Float(exp(-end) / (2 * middle.part) * expm1(end - time))
  }

  /// Order 3, by the noise at a place before two thirds of the way, and there.
  func third(to end: Double, middle: Evaluation) throws -> Tensor {
    func correction(over h: Double) -> Double { expm1(h) / h - 1 }
    let h = end - time
    let part = 2.0 / 3
    let there = time + part * h
    let guess =
      try first(to: there) - middle.change * Float(exp(-there) * part / middle.part * correction(over: part * h))
    let late = try evaluation(guess, at: part, time: there)
    return try first(to: end) - late.change * Float(exp(-end) / part * correction(over: h))
  }
}
