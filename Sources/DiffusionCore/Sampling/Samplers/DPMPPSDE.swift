/// DPM-Solver++ SDE (k-diffusion's `sample_dpmpp_sde`, eta 1, r 1/2).
///
/// The noise of the half step and that of the whole step are parts of one Brownian path, whose variance is the fall in
/// sigma: the whole is the half plus what comes after it.
func sampleDPMPPSDE(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    if next == 0 {
      x = try eulerStep(x, denoised, from: sigma, to: 0)
    } else {
      let middle = (sigma * next).squareRoot()
      let half = try source.noise(like: x)
      let (halfDown, halfUp) = ancestralStep(from: sigma, to: middle)
      let there = try eulerStep(x, denoised, from: sigma, to: halfDown) + half * Float(halfUp)
      let corrected = try denoiser.denoised(there, sigma: middle)

      let whole =
        try half * Float(((sigma - middle) / (sigma - next)).squareRoot())
        + source.noise(like: x) * Float(((middle - next) / (sigma - next)).squareRoot())
      let (down, up) = ancestralStep(from: sigma, to: next)
      x = try eulerStep(x, corrected, from: sigma, to: down) + whole * Float(up)
    }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}
