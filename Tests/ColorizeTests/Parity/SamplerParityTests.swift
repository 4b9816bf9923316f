import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Every sampler of which a run was recorded, on the small network, against recorded runs of k-diffusion and diffusers.
///
/// Eight steps of a network whose single pass agrees to 1e-5; the recorded runs amplify a change of the start by up to
/// 1.3 (v) and 15 (eps): 1e-3 in relative L2.
@Suite(.enabled(if: GoldenFile.isPresent))
struct SamplerParityTests {
  private static let samplers: [String: Sampler] = [
    "Euler": .euler, "Euler a": .eulerAncestral, "Heun": .heun, "LMS": .lms, "DPM2": .dpm2, "DPM2 a": .dpm2Ancestral,
    "DPM++ 2S a": .dpmpp2SAncestral, "DPM++ SDE": .dpmppSDE, "DPM++ 2M": .dpmpp2M, "DPM++ 2M SDE": .dpmpp2MSDE,
    "DPM++ 2M SDE Heun": .dpmpp2MSDEHeun, "DPM++ 3M SDE": .dpmpp3MSDE, "DPM fast": .dpmFast, "diffuser_ddim": .ddim,
    "diffuser_dpm": .dpmSolver, "diffuser_lms": .lmsDiffusers, "diffuser_pndm": .pndm,
  ]
  private static let schedules: [String: SigmaSchedule] = [
    "Automatic": .automatic, "Karras": .karras, "SGM Uniform": .sgmUniform,
  ]

  @Test func everyRecordedRun() throws {
    let backend = try CPUBackend()
    let network = try GoldenModel.load(on: backend)
    let golden = try GoldenFile("samplers", backend: backend)
    var checked = 0
    for run in try GoldenFile.json("samplers_cases") as? [[String: Any]] ?? [] {
      let name = try #require(run["sampler"] as? String)
      try check(run, sampler: #require(Self.samplers[name]), network: network, golden: golden)
      checked += 1
    }
    #expect(checked == 28)
  }

  private func check(
    _ run: [String: Any], sampler: Sampler, network: ColorizationNetwork, golden: GoldenFile
  ) throws {
    let key = try #require(run["key"] as? String)
    let condition = try #require(run["cond"] as? String)
    let batch = try #require(run["batch"] as? Int)
    let scheduleName = try #require(run["scheduler"] as? String)
    let scales = (run["cfg_scale"] as? [Double]) ?? [run["cfg_scale"] as? Double ?? 1]
    var guidance = Guidance()
    switch run["cfg_kind"] as? String {
    case "reference": guidance.reference = scales[0]
    case "sketch": guidance.sketch = scales[0]
    case "dual": guidance = Guidance(reference: scales[0], sketch: scales[1])
    default: break
    }
    let stored = try golden.tensor("cond.\(condition).context")
    let tokens = try stored.broadcast(to: stored.shape.replacing(axis: 0, with: batch)).contiguous()
    let half = tokens.shape[1] / 2
    let context =
      condition == "vanilla"
      ? ReferenceContext(whole: tokens)
      : ReferenceContext(
        foreground: tokens.sliced(axis: 1, 0..<half), background: tokens.sliced(axis: 1, half..<2 * half),
        mask: try golden.image("cond.bg.mask"), maskThreshold: 0.05, useForegroundLoRA: false, useBackgroundLoRA: true)
    func hints(_ name: String) throws -> [Tensor] {
      try (0...4).map { try golden.image("cond.\(condition).\(name)\($0)") }
    }
    let denoiser = try GuidedDenoiser(
      unet: network.unet, schedule: NoiseSchedule(network.configuration.schedule),
      predictionType: PredictionType(named: run["parameterization"] as? String ?? ""), context: context,
      hints: hints("control"), emptyHints: hints("uncontrol"), guidance: guidance,
      control: AttentionControl(
        referenceScales: [Float](repeating: 1, count: 16), merge: Float(run["merge_scale"] as? Double ?? 0)),
      batch: batch)
    var source: any NoiseSource = RecordedNoise(try noise(key, run: run, sampler: sampler, golden: golden))
    let latent = try sampler.sample(
      denoiser, noise: golden.image("x_T.bs\(batch)"), steps: 8, schedule: #require(Self.schedules[scheduleName]),
      source: &source)
    let error = try latent.relativeError(to: golden.image("\(key).final"))
    #expect(error < 1e-3, "\(key): \(error)")
  }

  private func noise(
    _ key: String, run: [String: Any], sampler: Sampler, golden: GoldenFile
  ) throws -> [[Float]] {
    guard let count = run["noises"] as? Int, count > 0 else { return [] }
    let recorded = try golden.tensor("\(key).noise")
    var draws = try (0..<count).map { try recorded.sliced(axis: 0, $0..<$0 + 1).floats() }
    guard sampler == .dpmppSDE else { return draws }
    // Recorded are the path's increments over a half step and over the whole; here the second draw is what comes after
    // the half step.
    let sigmas = try golden.tensor("\(key).noise_sigma_pairs").floats()
    for step in stride(from: 0, to: count, by: 2) {
      let (start, middle, end) = (Double(sigmas[2 * step]), Double(sigmas[2 * step + 1]), Double(sigmas[2 * step + 3]))
      let (first, rest) = ((start - middle).squareRoot(), (middle - end).squareRoot())
      draws[step + 1] = zip(draws[step], draws[step + 1]).map { half, whole in
        Float((Double(whole) * (start - end).squareRoot() - Double(half) * first) / rest)
      }
    }
    return draws
  }
}
