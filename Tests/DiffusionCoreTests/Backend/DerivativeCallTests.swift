// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Synchronization
import Testing

/// Calls of derivatives as values.
struct DerivativeCallTests {
  /// Notes which members are called.
  private final class Listing: ForwardingDerivativeBackend, CallReceiver {
    let base: any Backend
    private let own: CPUBackend
    let members = Mutex<Set<DerivativeMember>>([])

    init(_ base: CPUBackend) { (self.base, own) = (base, base) }

    func receive(_ call: BackendCall) throws { try call.perform(on: base) }
    func receive(_ call: DerivativeCall) throws {
      _ = members.withLock { $0.insert(call.operation.member) }
      try call.perform(on: own)
    }
  }

  @Test func everyArgumentComesThrough() throws {
    let listing = Listing(try CPUBackend(threads: 1))
    let results = ConformanceSuite.runDerivatives(on: listing)
    #expect(results.failures.isEmpty, "\(results.failures.report)")
    // A step of AdamW is no derivative of an operation; `AdamWTests` compare it, and here only its arguments are.
    #expect(listing.members.withLock(\.self) == listing.derivativeMembers.subtracting([.adamW]))
    let factors = AdamWFactors(
      gradientScale: 0.5, beta1: 0.9, beta2: 0.99, deviationScale: 2, epsilon: 1e-8, decay: 0.75, rate: 0.125)
    func stepped(on backend: any DerivativeBackend) throws -> [[Float]] {
      let tensors = try [[1, 2, 3], [4, 5, 6], [7, 8, 9], [-1, 0, 2]].map { try Tensor($0, shape: [3], on: backend) }
      let operands = tensors.map(\.operand)
      try backend.adamW(operands[0], first: operands[1], second: operands[2], operands[3], factors)
      try backend.adamW(operands[0], first: operands[1], second: operands[2], nil, factors)
      return try tensors.map { try $0.floats() }
    }
    #expect(try stepped(on: listing) == stepped(on: CPUBackend(threads: 1)))
    #expect(listing.members.withLock { $0.contains(.adamW) })
  }

  @Test func countsArithmeticAndTraffic() throws {
    func operand(_ shape: Shape) throws -> Operand {
      try Tensor(uninitialized: shape, dtype: .f32, on: ShapeOnlyBackend()).operand
    }
    let weight = try DerivativeCall(
      .convolutionWeight(ConvolutionGeometry(padding: 1)), [operand([2, 5, 6, 3]), operand([2, 5, 6, 7])],
      to: [operand([7, 3, 3, 3])])
    // Each weight is a sum over all places.
    #expect(weight.flops == 2 * 7 * 3 * 3 * 3 * 2 * 5 * 6)
    #expect(weight.byteCount == 4 * (180 + 420 + 189))
    let input = try DerivativeCall(
      .turnedConvolution(ConvolutionGeometry(padding: 1)), [operand([2, 5, 6, 7]), operand([7, 3, 3, 3])],
      to: [operand([2, 5, 6, 3])])
    // Each element is a sum over the kernel and its outputs.
    #expect(input.flops == 2 * 180 * 7 * 3 * 3)
    let (q, k) = (try operand([1, 2, 5, 4]), try operand([1, 2, 3, 4]))
    let product = 2.0 * 2 * 5 * 3 * 4
    #expect(DerivativeCall(.attention(scale: 1), [q, k, k, q], to: [q, k, k]).flops == 5 * product)
    #expect(DerivativeCall(.attention(scale: 1), [q, k, k, q], to: [nil, nil, k]).flops == 2 * product)
    let factors = AdamWFactors(
      gradientScale: 1, beta1: 0, beta2: 0, deviationScale: 1, epsilon: 1, decay: 1, rate: 1)
    #expect(DerivativeCall(.adamW(factors), [nil], to: [q, q, q]).byteCount == 2 * 3 * 4 * 40)
  }
}
