// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// Properties of the updates that follow from their formulas alone.
@Suite struct StepPropertyTests {
  static let steps: [(previous: Double?, sigma: Double, next: Double)] = [
    (nil, 14.6, 7.9), (14.6, 7.9, 4.0), (0.2, 0.1, 0.03), (7.9, 4.0, 0), (nil, 4.0, 0), (1.0001, 1, 0.9999),
  ]

  /// x = x0 + sigma eps with a constant x0 is carried to x0 + sigma_next eps: the ODE's exact solution.
  @Test(arguments: steps)
  func constantDenoisedIsExact(previous: Double?, sigma: Double, next: Double) {
    let (x0, eps) = (0.7, -1.3)
    let weights = DPMPP2MStep.weights(previousSigma: previous, sigma: sigma, nextSigma: next)
    let result = weights.latent * (x0 + sigma * eps) + (weights.denoised + weights.previousDenoised) * x0
    #expect(abs(result - (x0 + next * eps)) < 1e-12)

    let scaled = DPMSolverMultistep.weights(previousSigma: previous, sigma: sigma, nextSigma: next)
    let (signal, noise) = DPMSolverMultistep.scales(sigma: sigma)
    let (nextSignal, nextNoise) = DPMSolverMultistep.scales(sigma: next)
    let moved = scaled.latent * (signal * x0 + noise * eps) + (scaled.denoised + scaled.previousDenoised) * x0
    #expect(abs(moved - (nextSignal * x0 + nextNoise * eps)) < 1e-12)
  }

  /// The formulas of the papers, written out in lambda, give the same multipliers.
  @Test(arguments: steps)
  func formulasInLambda(previous: Double?, sigma: Double, next: Double) {
    let weights = DPMSolverMultistep.weights(previousSigma: previous, sigma: sigma, nextSigma: next)
    let step = -log(next) + log(sigma)
    let (nextSignal, nextNoise) = DPMSolverMultistep.scales(sigma: next)
    let gain = -nextSignal * (exp(-step) - 1)
    #expect(abs(weights.latent - nextNoise / DPMSolverMultistep.scales(sigma: sigma).noise) < 1e-12)
    if let previous, next > 0 {
      let ratio = (-log(sigma) + log(previous)) / step
      #expect(abs(weights.denoised - gain * (1 + 0.5 / ratio)) < 1e-10)
      #expect(abs(weights.previousDenoised + gain * 0.5 / ratio) < 1e-10)
    } else {
      #expect(abs(weights.denoised - gain) < 1e-12)
      #expect(weights.previousDenoised == 0)
    }
  }

  @Test func stepToZeroGivesTheDenoised() {
    let last = StepWeights(latent: 0, denoised: 1)
    #expect(DPMPP2MStep.weights(previousSigma: 2, sigma: 1, nextSigma: 0) == last)
    #expect(DPMSolverMultistep.weights(previousSigma: 2, sigma: 1, nextSigma: 0) == last)
    #expect(DDIMStep.weights(abar: 0.3, previousAbar: 1) == last)
  }

  @Test func noStepChangesNothing() {
    let weights = DDIMStep.weights(abar: 0.3, previousAbar: 0.3)
    #expect(abs(weights.latent - 1) < 1e-15 && abs(weights.denoised) < 1e-15)
    for type in PredictionType.allCases {
      let same = DDIMStep.predictionWeights(for: type, abar: 0.3, previousAbar: 0.3)
      #expect(abs(same.latent - 1) < 1e-15 && abs(same.prediction) < 1e-15)
    }
  }

  /// Told the truth, DDIM lands on `sqrt(abar_prev) x0 + sqrt(1 - abar_prev) eps` by every way of writing it.
  @Test(arguments: [(0.005, 0.2), (0.3, 0.9), (0.998, 1.0)])
  func ddimIsExactForTheTruth(abar: Double, previousAbar: Double) {
    let (x0, eps) = (0.7, -1.3)
    let (signal, noise) = (abar.squareRoot(), (1 - abar).squareRoot())
    let x = signal * x0 + noise * eps
    let expected = previousAbar.squareRoot() * x0 + (1 - previousAbar).squareRoot() * eps
    let weights = DDIMStep.weights(abar: abar, previousAbar: previousAbar)
    #expect(abs(weights.latent * x + weights.denoised * x0 - expected) < 1e-12)
    let truth: [(PredictionType, Double)] = [(.v, signal * eps - noise * x0), (.eps, eps)]
    for (type, prediction) in truth {
      let weights = DDIMStep.predictionWeights(for: type, abar: abar, previousAbar: previousAbar)
      #expect(abs(weights.latent * x + weights.prediction * prediction - expected) < 1e-12)
    }
  }

  /// DDIM is the first-order step of DPM-Solver++.
  @Test func ddimIsFirstOrderDPMSolver() {
    let (sigma, next) = (3.0, 1.2)
    let (signal, nextSignal) = (
      DPMSolverMultistep.scales(sigma: sigma).signal, DPMSolverMultistep.scales(sigma: next).signal
    )
    let ddim = DDIMStep.weights(abar: signal * signal, previousAbar: nextSignal * nextSignal)
    let solver = DPMSolverMultistep.weights(previousSigma: nil, sigma: sigma, nextSigma: next)
    #expect(abs(ddim.latent - solver.latent) < 1e-12 && abs(ddim.denoised - solver.denoised) < 1e-12)
  }

  /// For a Gaussian image of unit variance the ODE is solved by `x(sigma) = c sqrt(sigma^2 + 1)` with
  /// `d = x / (sigma^2 + 1)`. The error falls with the square of the step.
  @Test func secondOrderConvergence() {
    func error(steps: Int) -> Double {
      let sigmas = (0...steps).map { 10 * pow(0.01, Double($0) / Double(steps)) }
      var x = (sigmas[0] * sigmas[0] + 1).squareRoot()
      var last = 0.0
      for index in 0..<steps {
        let weights = DPMPP2MStep.weights(
          previousSigma: index > 0 ? sigmas[index - 1] : nil, sigma: sigmas[index], nextSigma: sigmas[index + 1])
        let denoised = x / (sigmas[index] * sigmas[index] + 1)
        x = weights.latent * x + weights.denoised * denoised + weights.previousDenoised * last
        last = denoised
      }
      return abs(x - (sigmas[steps] * sigmas[steps] + 1).squareRoot())
    }
    let ratio = error(steps: 80) / error(steps: 160)
    #expect(ratio > 3.2 && ratio < 4.8, "\(ratio)")
  }
}
