// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Synchronization
import Testing

/// The derivatives of every member against differences in double precision, and proof that a fault would show.
@Suite struct DerivativeConformanceTests {
  @Test func derivativesOfEveryMemberAreRight() throws {
    let results = ConformanceSuite.runDerivatives(on: try CPUBackend(threads: 2))
    print(results.report)
    #expect(results.failures.isEmpty, "\(results.report)")
    let members = Set(results.map(\.operation))
    // All but a fill, and the transposed convolution.
    #expect(members.count == BackendMember.allCases.count, "\(members.sorted())")
    #expect(results.count > 500)
  }

  /// The processor's members forwards, without its derivatives.
  @Test func derivativesMadeOfMembersAreRight() throws {
    let results = ConformanceSuite.runDerivatives(on: MembersOnly(try CPUBackend(threads: 2)))
    #expect(results.failures.isEmpty, "\(results.report)")
  }

  @Test func derivativesMadeOfPrimitivesAreRight() throws {
    var options = ConformanceOptions()
    options.operations = Set(BackendMember.allCases.filter { !$0.isRequired }.map(\.rawValue))
    let backend = PrimitivesOnly(try CPUBackend(threads: 1))
    let results = ConformanceSuite.runDerivatives(on: backend, options: options)
    #expect(results.failures.isEmpty, "\(results.report)")
  }

  /// The operations whose derivatives a member that is wrong backwards must spoil.
  private static let shows: [String: [String]] = [
    "matmul": ["matmul", "linear", "gatedLinear", "attention", "conv2d"], "convolution": ["convolution", "conv2d"],
    "binary": ["unary", "softmax", "layerNorm", "groupNorm"], "reduce": ["softmax", "layerNorm", "attention"],
    "select": ["select"], "resample": ["resample"], "affine": ["affine", "softmax"],
  ]

  @Test(arguments: Set(shows.values.joined()).sorted()) func everyFaultBackwardsShows(operation: String) throws {
    let members = Self.shows.filter { $0.value.contains(operation) }.map(\.key)
    let faults = members.flatMap { member in FaultyBackwards.Kind.allCases.map { (member, $0) } }
    let cpu = try CPUBackend(threads: 1)
    var options = ConformanceOptions()
    options.operations = [operation]
    let results = ConformanceSuite.runDerivatives(
      onAll: faults.map { FaultyBackwards(cpu, member: $0.0, kind: $0.1) }, options: options)
    for ((member, kind), found) in zip(faults, results) {
      let share = Double(found.failures.count) / Double(max(found.count, 1))
      // A first element that is dropped shows where it is looked at.
      #expect(share > 0.05, "\(kind) \(member): \(found.failures.count) of \(found.count) of \(operation) show it")
    }
  }
}

/// A backend that gets a member wrong as soon as a case runs backwards: after its first call, until results are read.
final class FaultyBackwards: ForwardingBackend, CallReceiver {
  enum Kind: String, CaseIterable, Sendable {
    /// All results are a thousandth too large.
    case imprecise
    /// Results have the wrong sign.
    case negated
    /// The first element is missing: zero.
    case drops
  }

  let base: any Backend
  private let member: String
  private let kind: Kind
  private let isBackwards = Mutex(false)

  init(_ base: any Backend, member: String, kind: Kind) {
    self.base = base
    self.member = member
    self.kind = kind
  }

  func receive(_ call: BackendCall) throws {
    try call.perform(on: base)
    let spoils = isBackwards.withLock { isBackwards in
      defer { isBackwards = true }
      return isBackwards && call.member == member && call.out.shape.elementCount > 0
    }
    guard spoils else { return }
    let out = call.out
    switch kind {
    case .imprecise, .negated:
      let copy = try Tensor(uninitialized: out.shape, on: base).operand
      try base.affine(out, scale: kind == .negated ? -1 : 1.001, offset: 0, to: copy)
      try base.copy(copy, to: out)
    case .drops: try base.fill(out.with(View(contiguous: [1], offset: out.view.offset)), with: 0)
    }
  }

  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    isBackwards.withLock { $0 = false }
    try base.read(buffer, byteOffset: byteOffset, into: target)
  }
}

/// A backend without derivatives of its own.
private final class MembersOnly: ForwardingBackend, CallReceiver {
  let base: any Backend
  init(_ base: any Backend) { self.base = base }
  func receive(_ call: BackendCall) throws { try call.perform(on: base) }
}
