// SPDX-License-Identifier: Apache-2.0

/// Steps in sigma space that several samplers are made of.
public enum SigmaStep {
  /// A step in sigma space along the straight line to `denoised`.
  ///
  /// - Parameters:
  ///   - sigma: where it begins, above 0.
  ///   - next: where it leads, at least 0.
  public static func euler(_ x: Tensor, _ denoised: Tensor, from sigma: Double, to next: Double) throws -> Tensor {
    try x * Float(next / sigma) + denoised * Float(1 - next / sigma)
  }

  /// How far down a deterministic step goes, and how much noise brings it up to `next` again (k-diffusion's
  /// `get_ancestral_step` with eta 1): `down^2 + up^2 = next^2`.
  ///
  /// - Parameters:
  ///   - sigma: where it begins, above 0.
  ///   - next: where it leads, in [0, sigma].
  public static func ancestral(from sigma: Double, to next: Double) -> (down: Double, up: Double) {
    let up = min(next, (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot())
    return ((next * next - up * up).squareRoot(), up)
  }

  /// A step by the slope at the geometric middle of its sigmas, where the model is asked once more; to 0 it is Euler's.
  ///
  /// - Parameters:
  ///   - denoised: the clean latent that the model sees in `x` at `sigma`.
  ///   - sigma: where it begins, above 0.
  ///   - next: where it leads, at least 0.
  public static func midpoint(
    _ denoiser: any Denoiser, _ x: Tensor, _ denoised: Tensor, from sigma: Double, to next: Double
  ) throws -> Tensor {
    guard next > 0 else { return try euler(x, denoised, from: sigma, to: next) }
    let middle = (sigma * next).squareRoot()
    let there = try euler(x, denoised, from: sigma, to: middle)
    let slope = try (there - denoiser.denoised(there, sigma: middle)) * Float(1 / middle)
    return try x + slope * Float(next - sigma)
  }
}
