// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// Times the calls of a training step, forwards and backwards, each waited for.
///
/// `ProfilingBackend` has members of `Backend` alone, so that a backend's own derivatives would not run behind it.
final class DerivativeClock: ForwardingDerivativeBackend, CallReceiver {
  /// What calls of one name took.
  struct Total {
    var calls = 0
    var seconds = 0.0
    var flops = 0.0
    var byteCount = 0
  }

  let base: any Backend
  private let derivatives: any DerivativeBackend
  private let totals = Mutex<[String: Total]>([:])

  init(_ base: any DerivativeBackend) {
    self.base = base
    derivatives = base
  }

  /// What was called since the last time.
  func takeTotals() -> [String: Total] {
    totals.withLock { totals in
      defer { totals = [:] }
      return totals
    }
  }

  private func time(
    _ name: String, byteCount: Int, flops: Double, _ body: () throws -> Void
  ) throws {
    let start = ContinuousClock.now
    try body()
    try base.finish()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    totals.withLock {
      $0[name, default: Total()].calls += 1
      $0[name, default: Total()].seconds += seconds
      $0[name, default: Total()].flops += flops
      $0[name, default: Total()].byteCount += byteCount
    }
  }

  func receive(_ call: BackendCall) throws {
    try time(call.member, byteCount: call.byteCount, flops: call.flops) { try call.perform(on: base) }
  }

  func receive(_ call: DerivativeCall) throws {
    try time(Self.name(of: call), byteCount: call.byteCount, flops: call.flops) { try call.perform(on: derivatives) }
  }

  private static func name(of call: DerivativeCall) -> String {
    switch call.operation.member {
    case .convolutionWeight:
      call.outs[0].map { $0.shape[1] * $0.shape[2] } == 1 ? "d weight, 1x1" : "d weight"
    case .turnedConvolution: "d input"
    case .columnSums: "column sums"
    case .adamW: "adamW"
    case .activation, .gate, .softmax, .groupNorm, .layerNorm, .attention: "d \(call.operation.member)"
    }
  }
}

extension Profile {
  /// Where the time of training steps went.
  init(name: String, totals: [String: DerivativeClock.Total], limits: MachineLimits) {
    self.init(
      name: name, clock: .waiting,
      entries: totals.map { family, total in
        Entry(
          family: family, calls: total.calls, milliseconds: total.seconds * 1000, gigaflop: total.flops / 1e9,
          gigabytes: Double(total.byteCount) / 1e9,
          floorMilliseconds: total.flops / limits.gigaflopPerSecond / 1e6)
      })
  }
}
