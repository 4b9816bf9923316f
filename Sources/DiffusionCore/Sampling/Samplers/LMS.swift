// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// The linear multistep method of order 4 (k-diffusion's `sample_lms`): Adams-Bashforth on an uneven grid of sigmas.
  public static let lms = Sampler("lms") { run in try sampleLMS(run, run.start(), sigmas: run.sigmas) }
}

/// The method on any sigmas, `run.stepCount + 1` that fall and end in 0.
func sampleLMS(_ run: borrowing SamplingRun, _ start: Tensor, sigmas: [Double]) throws -> Tensor {
  var x = start
  var slopes: [Tensor] = []
  for (index, sigma) in sigmas.dropLast().enumerated() {
    let denoised = try run.denoiser.denoised(x, sigma: sigma)
    slopes = try [(x - denoised) * Float(1 / sigma)] + slopes.prefix(3)
    for (term, slope) in slopes.enumerated() {
      x = try x + slope * Float(multistepWeight(sigmas, step: index, term: term, order: slopes.count))
    }
    try run.report(index + 1, of: sigmas.count - 1, denoised: denoised)
  }
  return x
}

/// The integral over the step of the Lagrange polynomial that is 1 at the slope `term` steps ago and 0 at the others.
private func multistepWeight(_ sigmas: [Double], step: Int, term: Int, order: Int) -> Double {
  let (from, to) = (sigmas[step], sigmas[step + 1])
  func polynomial(_ sigma: Double) -> Double {
    (0..<order).filter { $0 != term }.reduce(1) { product, other in
      product * (sigma - sigmas[step - other]) / (sigmas[step - term] - sigmas[step - other])
    }
  }
  // Two-point Gauss quadrature is exact for the cubic that this is at most.
  let (middle, reach) = ((from + to) / 2, (to - from) / 2)
  let node = reach / 3.0.squareRoot()
  return reach * (polynomial(middle - node) + polynomial(middle + node))
}
