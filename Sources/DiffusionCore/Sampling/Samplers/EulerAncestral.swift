/// Euler to a lower sigma than asked for, then fresh noise up to it (k-diffusion's `get_ancestral_step`, eta 1).
func sampleEulerAncestral(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let up = min(next, (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot())
    let down = (next * next - up * up).squareRoot()
    x = try eulerStep(x, denoised, from: sigma, to: down)
    if next > 0 { x = try x + source.noise(like: x) * Float(up) }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}
