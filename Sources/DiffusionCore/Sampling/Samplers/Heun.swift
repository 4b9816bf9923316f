/// Euler, then a second step with the mean of both slopes; the step to 0 is Euler's (Karras et al. 2022, algorithm 1).
func sampleHeun(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let predicted = try eulerStep(x, denoised, from: sigma, to: next)
    if next == 0 {
      x = predicted
    } else {
      let slope = try (x - denoised) * Float(1 / sigma)
      let slopeThere = try (predicted - denoiser.denoised(predicted, sigma: next)) * Float(1 / next)
      x = try x + (slope + slopeThere) * Float((next - sigma) / 2)
    }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}
