import Glibc

/// DPM-Solver++(2M) SDE with eta 1 (Lu et al. 2022; k-diffusion's midpoint and Heun forms).
///
/// With lambda = -ln sigma, h = lambda' - lambda: `x' = (sigma'/sigma) e^-h x + (1 - e^-2h) d`, a correction from the
/// denoised latent of the step before, and noise of deviation `sigma' sqrt(1 - e^-2h)`.
func sampleDPMPP2MSDE(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], heun: Bool, source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  var previous: (h: Double, denoised: Tensor)?
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    if next == 0 {
      x = denoised
    } else {
      let h = log(sigma / next)
      let gain = -expm1(-2 * h)
      var moved = try x * Float(next / sigma * exp(-h)) + denoised * Float(gain)
      if let previous {
        let ratio = previous.h / h
        let weight = (heun ? gain / (-2 * h) + 1 : gain / 2) / ratio
        moved = try moved + (denoised - previous.denoised) * Float(weight)
      }
      x = try moved + source.noise(like: x) * Float(next * gain.squareRoot())
      previous = (h, denoised)
    }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}
