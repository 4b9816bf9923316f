// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The whole network, every mode and a guided run, against PyTorch on fixtures that are part of the package.
///
/// Relative L2 below 1e-4 for one pass and 1e-3 for a run, for the reasons given with the published tensors.
struct TinyNetworkTests {
  /// The fixtures on a backend.
  struct Setup {
    let conditioning: Conditioning
    let network: ColorizationNetwork
    let file: SafetensorsFile
    let backend: any Backend

    init(on backend: any Backend, dtype: DType = .f32) throws {
      self.backend = backend
      network = try TinyNetwork.make(on: backend, dtype: dtype)
      conditioning = Conditioning(network: network, backend: backend)
      let path = try #require(
        Bundle.module.path(forResource: "network", ofType: "safetensors", inDirectory: "Fixtures/network"))
      file = try SafetensorsFile(path: path)
    }

    func tensor(_ key: String) throws -> Tensor {
      try Tensor(file.floats(of: key), shape: Shape(file[key]?.shape ?? []), on: backend)
    }
    func image(_ key: String) throws -> Tensor { try tensor(key).transposed(0, 2, 3, 1).contiguous() }

    func context(_ mode: InferenceMode, batch: Int = 1) throws -> ReferenceContext {
      let reference = try image("reference")
      return try conditioning.context(
        mode: mode, layout: .paper,
        references: [
          EncodedReference(
            tokens: conditioning.tokens(reference),
            background: mode.needsBackground
              ? conditioning.recoveredBackground(of: reference, mask: image("rmask"), threshold: 0.4) : nil)
        ],
        mask: mode.needsSketchMask ? image("smask").resizedBicubic(factor: 8) : nil, sketchThreshold: 0.3,
        batch: batch)
    }

    func hints(_ sketch: Tensor) throws -> [Tensor] { try network.hints(sketch) }
    var control: AttentionControl {
      AttentionControl(
        referenceScales: [Float](repeating: 1, count: TinyNetwork.configuration.unet.transformerBlockCount))
    }
  }

  private func expect(_ made: Tensor, _ expected: Tensor, within tolerance: Double, _ what: String) throws {
    let error = try made.relativeError(to: expected)
    #expect(error < tolerance, "\(what): \(error)")
  }

  @Test(arguments: [false, true]) func parts(primitivesOnly: Bool) throws {
    let backend = try CPUBackend()
    let s = try Setup(on: primitivesOnly ? PrimitivesOnly(backend) : backend)
    let network = s.network
    let picture = try s.image("reference")
    try expect(
      network.imageEncoder.allTokens(network.imageEncoder.preprocess(picture)), s.tensor("tokens"), within: 1e-4,
      "tokens")
    for (level, hint) in try s.hints(s.image("sketch")).enumerated() {
      try expect(hint, s.image("hint\(level)"), within: 1e-4, "hint \(level)")
    }
    let posterior = try network.vaeEncoder(s.image("picture"))
    try expect(posterior.mean, s.image("mean"), within: 1e-4, "mean")
    try expect(posterior.logVariance, s.image("logvar"), within: 1e-4, "log variance")
    try expect(network.vaeDecoder(s.image("z")), s.image("decoded"), within: 1e-4, "decoded")
  }

  /// On a backend with primitives alone too: a new backend that implements them runs every model.
  @Test(arguments: InferenceMode.allCases, [false, true]) func mode(_ mode: InferenceMode, primitivesOnly: Bool) throws
  {
    let backend = try CPUBackend()
    let s = try Setup(on: primitivesOnly ? PrimitivesOnly(backend) : backend)
    let unet = s.network.unet
    let context = try s.context(mode)
    let tokens =
      switch context.tokens {
      case .whole(let tokens): tokens
      case .split(let front, let behind): try Tensor.concatenate([front, behind], axis: 1)
      }
    try expect(tokens, s.tensor("\(mode.rawValue).context"), within: 1e-4, "\(mode) context")
    let v = try unet(
      s.image("x"), timestep: 613.25, context: unet.prepare(context), hints: s.hints(s.image("sketch")),
      control: s.control)
    try expect(v, s.image("\(mode.rawValue).v"), within: 1e-4, "\(mode)")
  }

  @Test func guidedRun() throws {
    let s = try Setup(on: CPUBackend())
    let sketch = try s.image("sketch")
    let empty = try Tensor(repeating: -1, shape: sketch.shape, on: s.backend)
    let denoiser = try GuidedDenoiser(
      unet: s.network.unet, schedule: NoiseSchedule(TinyNetwork.configuration.schedule),
      predictionType: .v, context: s.context(.full), hints: s.hints(sketch), emptyHints: s.hints(empty),
      guidance: Guidance(reference: 3, sketch: 1.5), control: s.control, batch: 1)
    var source: any NoiseSource = RecordedNoise([])
    let latent = try Sampler.ddim.sample(denoiser, noise: s.image("x"), steps: 4, source: &source)
    try expect(latent, s.image("ddim"), within: 1e-3, "latent")
    try expect(s.conditioning.decode(latent), s.image("image"), within: 1e-3, "picture")
  }

  /// Half-precision weights: each is off by up to 2^-11 (f16) or 2^-8 (bf16) of itself, and through some twenty layers
  /// the errors add up like noise; ten times that is the bound.
  @Test(arguments: [(DType.f16, 5e-3), (DType.bf16, 4e-2)]) func halfPrecisionWeights(dtype: DType, bound: Double)
    throws
  {
    let s = try Setup(on: CPUBackend(), dtype: dtype)
    let unet = s.network.unet
    let v = try unet(
      s.image("x"), timestep: 613.25, context: unet.prepare(s.context(.full)), hints: s.hints(s.image("sketch")),
      control: s.control)
    try expect(v, s.image("full.v"), within: bound, "\(dtype)")
  }
}
