/// DPM-Solver++(2S) with ancestral noise (k-diffusion's `sample_dpmpp_2s_ancestral`, eta 1).
///
/// A second evaluation at the geometric middle of the step; with lambda = -ln sigma, a step over h is
/// `x' = e^-h x + (1 - e^-h) d`, and `e^-h` is the ratio of the sigmas.
func sampleDPMPP2SAncestral(
  _ denoiser: some Denoiser, _ start: Tensor, sigmas: [Double], source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  var x = start
  for (index, (sigma, next)) in zip(sigmas, sigmas.dropFirst()).enumerated() {
    let denoised = try denoiser.denoised(x, sigma: sigma)
    let (down, up) = ancestralStep(from: sigma, to: next)
    if down == 0 {
      x = try eulerStep(x, denoised, from: sigma, to: 0)
    } else {
      let middle = (sigma * down).squareRoot()
      let there = try eulerStep(x, denoised, from: sigma, to: middle)
      x = try eulerStep(x, denoiser.denoised(there, sigma: middle), from: sigma, to: down)
    }
    if next > 0 { x = try x + source.noise(like: x) * Float(up) }
    try observer(SamplingStep(completed: index + 1, total: sigmas.count - 1, denoised: denoised))
  }
  return x
}
