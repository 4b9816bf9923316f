/// Euler to a lower sigma than asked for, then fresh noise up to it.
func sampleEulerAncestral(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let (down, up) = ancestralStep(from: sigma, to: next)
    x = try eulerStep(x, denoised, from: sigma, to: down)
    if next > 0 { x = try x + source.noise(like: x) * Float(up) }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}

/// How far down a deterministic step goes, and how much noise brings it up to `next` again (k-diffusion's
/// `get_ancestral_step` with eta 1): `down^2 + up^2 = next^2`.
func ancestralStep(from sigma: Double, to next: Double) -> (down: Double, up: Double) {
  let up = min(next, (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot())
  return ((next * next - up * up).squareRoot(), up)
}
