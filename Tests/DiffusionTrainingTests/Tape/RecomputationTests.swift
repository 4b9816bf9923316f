// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// Values that are computed again instead of kept: the same gradients, bit for bit, in less memory.
@Suite struct RecomputationTests {
  /// A chain of layers with branches, concatenations and a constant that is joined in.
  private func network(_ x: Tensor, _ weights: [Tensor], constant: Tensor) throws -> Tensor {
    var (h, skips) = (x, [Tensor]())
    for weight in weights {
      skips.append(h)
      h = try h.linear(weight: weight, activation: .silu, residual: h)
      h = try h.softmax(scale: 0.5) * h + constant
      let joined = try Tensor.concatenate([constant, h, skips[0]], axis: 1)
      h = try joined.sliced(axis: 1, 2..<2 + h.shape[1]).exp() * 0.1 + h
    }
    return try Loss.meanSquaredError(h, constant)
  }

  private func run(_ memory: TapeMemory, on base: any Backend) throws -> [Tensor?] {
    let tape = Tape(base, memory: memory)
    func values(_ count: Int, _ seed: Int) -> [Float] {
      (0..<count).map { Float(($0 * 7919 + seed * 104_729) % 1009) / 1009 - 0.5 }
    }
    let x = tape.variable(try Tensor(values(24, 1), shape: [3, 8], on: base))
    let constant = tape.constant(try Tensor(values(24, 2), shape: [3, 8], on: base))
    let weights = try (0..<6).map { tape.variable(try Tensor(values(64, 3 + $0), shape: [8, 8], on: base)) }
    let loss = try tape.recording { try network(x, weights, constant: constant) }
    return try tape.gradients(of: loss, at: [x] + weights)
  }

  @Test(arguments: [0, 1, 500, 1200, 5000, 1 << 20]) func gradientsAreTheSameBits(partByteCount: Int) throws {
    let base = try CPUBackend(threads: 1)
    let kept = try run(.kept, on: base).map { try $0?.floats() }
    let recomputed = try run(.recomputed(partByteCount: partByteCount), on: base).map { try $0?.floats() }
    #expect(kept == recomputed)
    #expect(kept.allSatisfy { $0?.contains { $0 != 0 } ?? false })
  }

  @Test func memoryIsThatOfTheBoundaries() throws {
    func peak(_ memory: TapeMemory) throws -> Int {
      let meter = MeteringBackend()
      let tape = Tape(meter, memory: memory)
      let weights = try (0..<32).map { _ in tape.variable(try Tensor(uninitialized: [64, 64], on: meter)) }
      let x = tape.constant(try Tensor(uninitialized: [1024, 64], on: meter))
      let before = meter.account.liveByteCount
      meter.account.resetPeak()
      let loss = try tape.recording {
        try Loss.meanSquaredError(weights.reduce(x) { try $0.linear(weight: $1).gelu() }, x)
      }
      _ = try tape.gradients(of: loss, at: weights)
      return meter.account.peakByteCount - before
    }
    let activation = 1024 * 64 * 4
    let (kept, recomputed) = (try peak(.kept), try peak(.recomputed(partByteCount: 8 * activation)))
    #expect(kept > 60 * activation)
    #expect(recomputed < 30 * activation, "\(recomputed / activation) of \(kept / activation) activations")
  }
}
