/// DPM-Solver-2 (k-diffusion's `sample_dpm_2`, without churn): the slope at the geometric middle of the step.
func sampleDPM2(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    x = try midpointStep(denoiser, x, denoised, from: sigma, to: next)
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}

/// As DPM2, to a lower sigma than asked for, then fresh noise up to it (k-diffusion's `sample_dpm_2_ancestral`, eta 1).
func sampleDPM2Ancestral(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let (down, up) = ancestralStep(from: sigma, to: next)
    x = try midpointStep(denoiser, x, denoised, from: sigma, to: down)
    if next > 0 { x = try x + source.noise(like: x) * Float(up) }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}

private func midpointStep(
  _ denoiser: some Denoiser, _ x: Tensor, _ denoised: Tensor, from sigma: Double, to next: Double
) throws -> Tensor {
  guard next > 0 else { return try eulerStep(x, denoised, from: sigma, to: next) }
  let middle = (sigma * next).squareRoot()
  let there = try eulerStep(x, denoised, from: sigma, to: middle)
  let slope = try (there - denoiser.denoised(there, sigma: middle)) * Float(1 / middle)
  return try x + slope * Float(next - sigma)
}
