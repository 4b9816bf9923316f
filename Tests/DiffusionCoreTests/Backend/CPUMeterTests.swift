// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import TestSupport
import Testing

/// The processor's meter takes what the backend takes, to the byte.
struct CPUMeterTests {
  /// Runs a computation on a backend and on its meter, and compares their accounts.
  private func compare(
    _ what: String, threads: Int = 3, winograd: Bool = true, bf16 instructionSet: String? = nil,
    _ body: (any Backend) throws -> Void
  ) throws {
    let backend = try CPUBackend(
      threads: threads, instructionSet: instructionSet, winograd: winograd,
      precision: instructionSet == nil ? .f32 : .bf16)
    let meter = backend.makeMeter()
    try body(backend)
    try body(meter.backend)
    let (real, counted) = (backend.memoryAccount, meter.account)
    #expect(real.peakByteCount > 0, "\(what)")
    #expect(counted.peakByteCount == real.peakByteCount, "\(what)")
    #expect(counted.cachedByteCount == real.cachedByteCount, "\(what)")
    #expect(counted.liveByteCount == real.liveByteCount, "\(what)")
    #expect(counted.largestByteCount == real.largestByteCount, "\(what)")
  }

  private func tensor(_ shape: Shape, _ dtype: DType = .f32, on backend: any Backend) throws -> Tensor {
    try Tensor(repeating: 0.25, shape: shape, dtype: dtype, on: backend)
  }

  @Test(arguments: [DType.f32, .f16], [nil, "emulated-avx512bf16", "emulated-amx"])
  func takesWhatEachOperationTakes(dtype: DType, set: String?) throws {
    try compare("linear", bf16: set) { b in
      _ = try tensor([70, 48], on: b).linear(weight: tensor([40, 48], dtype, on: b), bias: tensor([40], dtype, on: b))
    }
    try compare("gated linear", threads: 2, bf16: set) { b in
      _ = try tensor([300, 64], on: b).gatedLinear(
        weight: tensor([512, 64], dtype, on: b), bias: tensor([512], dtype, on: b))
    }
    try compare("attention", bf16: set) { b in
      let x = try tensor([2, 90, 64], dtype, on: b)
      _ = try Tensor.attention(x, x, x, heads: 4)
    }
    try compare("convolution", bf16: set) { b in
      for kernel in [1, 3] {
        _ = try tensor([1, 20, 20, 48], dtype, on: b).convolution(
          weight: tensor([40, kernel, kernel, 48], dtype, on: b),
          geometry: ConvolutionGeometry(padding: kernel / 2))
      }
    }
    try compare("convolution in groups", bf16: set) { b in
      for groups in [1, 4, 48] {
        _ = try tensor([1, 20, 20, 48], dtype, on: b).convolution(
          weight: tensor([48, 3, 3, 48 / groups], dtype, on: b),
          geometry: ConvolutionGeometry(padding: 2, dilation: 2, groups: groups))
      }
    }
    try compare("windows") { b in
      let x = try tensor([1, 20, 20, 48], dtype, on: b)
      _ = try x.maxPooled(PoolingGeometry(kernel: 3, stride: 2, padding: 1, roundsUp: true))
      _ = try x.averagePooled(PoolingGeometry(kernel: 2)).padded(3, mode: .reflect)
      _ = try x.transposedConvolution(
        weight: tensor([8, 4, 4, 48], dtype, on: b), geometry: TransposedConvolutionGeometry(stride: 2, padding: 1))
    }
    try compare("matrix product") { b in
      _ = try tensor([2, 30, 40], dtype, on: b).matmul(tensor([2, 40, 50], dtype, on: b))
    }
    try compare("copies") { b in
      let x = try tensor([6, 50, 7], dtype, on: b)
      _ = try Tensor.concatenate([x.transposed(0, 2, 1).contiguous(), x.transposed(0, 2, 1)], axis: 1)
      _ = try tensor([1, 8, 8, 3], dtype, on: b).resizedBicubic(factor: 2)
    }
    try compare("elements") { b in
      let x = try tensor([6, 50, 7], dtype, on: b)
      _ = try ((x + 1) * x.exp()).cast(to: .bf16)
      _ = try Tensor.select(x > 0.5, x, x * 2)
      _ = try x.floats()
    }
  }

  /// All networks of a job: norms, both kinds of convolution, resampling, what is kept between them and what is freed.
  @Test(arguments: [true, false], [1, 5]) func takesWhatANetworkTakes(winograd: Bool, threads: Int) throws {
    for (dtype, mode) in [DType.f32, .f16].flatMap({ dtype in [false, true].map { (dtype, $0) } }) {
      try compare("\(dtype), split: \(mode)", threads: threads, winograd: winograd) { backend in
        let network = try TinyNetwork.make(on: backend, dtype: dtype)
        let tokens = try network.imageEncoder(tensor([1, 40, 40, 3], on: backend))
        // Of one region only: the meter has no mask to read.
        let context =
          mode
          ? ReferenceContext(
            foreground: tokens, background: tokens, mask: try Tensor(repeating: 0, shape: [1, 16, 16, 1], on: backend),
            maskThreshold: 0.5, useForegroundLoRA: true, useBackgroundLoRA: true)
          : ReferenceContext(whole: tokens)
        let hints = try network.hints(tensor([1, 128, 128, 3], on: backend))
        let unet = network.unet
        let control = AttentionControl(
          referenceScales: [Float](repeating: 1, count: TinyNetwork.configuration.unet.transformerBlockCount))
        for batching in [UNetBatching.whole, .rows(1)] {
          let denoiser = try GuidedDenoiser(
            unet: unet, schedule: NoiseSchedule(TinyNetwork.configuration.schedule), predictionType: .v,
            context: context, hints: hints, emptyHints: hints, guidance: Guidance(reference: 2, sketch: 2),
            control: control, batch: 1, batching: batching)
          for _ in 0..<2 { _ = try denoiser.prediction(tensor([1, 16, 16, 3], on: backend), timestep: 500) }
        }
        for tiling in [VAETiling.off, .pixels(128)] {
          _ = try network.vaeDecoder(tensor([1, 48, 48, 3], on: backend), tiling: tiling)
        }
        backend.releaseCachedMemory()
      }
    }
  }

  @Test func countsWhatThePoolKeeps() throws {
    try compare("pool") { backend in
      // More than is kept, in many sizes, of which some serve for others.
      for round in 0..<3 {
        var held: [any Buffer] = []
        for index in 0..<40 {
          held.append(try backend.makeBuffer(byteCount: (1 << 20) + index * 777_777 * (round + 1)))
          if index % 3 == 2 { held.removeFirst() }
        }
      }
    }
  }

  @Test func computesNothing() throws {
    let meter = try CPUBackend().makeMeter()
    let x = try Tensor([1, 2, 3], shape: [3], on: meter.backend)
    #expect(try (x + 1).floats() == [0, 0, 0])
    // Far more than any machine has.
    let large = try Tensor(uninitialized: [1 << 20, 1 << 20], on: meter.backend)
    _ = try large.linear(weight: Tensor(uninitialized: [1 << 20, 1 << 20], dtype: .f16, on: meter.backend))
    #expect(meter.account.peakByteCount > 8 << 40)
  }
}
