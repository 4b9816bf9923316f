/// DPM-Solver++(2M) on sigmas, see ``DPMPP2MStep``.
func sampleDPMPP2M(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], observer: SamplingObserver
) throws -> Tensor {
  var x = start
  var previous: (sigma: Double, denoised: Tensor)?
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let weights = DPMPP2MStep.weights(previousSigma: previous?.sigma, sigma: sigma, nextSigma: next)
    x = try weights.applied(to: x, denoised: denoised, previousDenoised: previous?.denoised)
    previous = (sigma, denoised)
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}

extension StepWeights {
  /// `latent * x + denoised * d + previousDenoised * d_previous`.
  func applied(to x: Tensor, denoised d: Tensor, previousDenoised: Tensor?) throws -> Tensor {
    let next = try x * Float(latent) + d * Float(denoised)
    guard let previousDenoised, self.previousDenoised != 0 else { return next }
    return try next + previousDenoised * Float(self.previousDenoised)
  }
}
