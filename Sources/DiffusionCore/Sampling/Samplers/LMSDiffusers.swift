// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// The linear multistep method of order 4 as diffusers spaces it, see ``LMSTimesteps``.
  public static let lmsDiffusers = Sampler(
    "lms_diffusers", steps: 1...999, stepLimit: { timesteps, _ in timesteps - 1 }, spacing: .own(knowsKarras: true)
  ) { run in
    let spaced = try LMSTimesteps(
      steps: run.stepCount, schedule: run.denoiser.schedule.inSinglePrecision(), karras: run.schedule == .karras)
    return try sampleLMS(run, run.start(sigma: spaced.initialNoiseSigma), sigmas: spaced.sigmas)
  }
}
