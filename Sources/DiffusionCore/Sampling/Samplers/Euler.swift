/// `x += (sigma' - sigma) (x - denoised) / sigma`.
func sampleEuler(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    x = try eulerStep(x, denoised, from: sigma, to: next)
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}

/// A step along the straight line to `denoised`.
func eulerStep(_ x: Tensor, _ denoised: Tensor, from sigma: Double, to next: Double) throws -> Tensor {
  try x * Float(next / sigma) + denoised * Float(1 - next / sigma)
}
