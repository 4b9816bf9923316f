// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// Times the calls of a training step, forwards and backwards, each waited for.
///
/// `ProfilingBackend` has members of `Backend` alone, so that a backend's own derivatives would not run behind it.
final class DerivativeClock: ForwardingBackend, CallReceiver, DerivativeBackend {
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

  var derivativeMembers: Set<DerivativeMember> { derivatives.derivativeMembers }

  private func time(
    _ name: String, _ operands: [Operand?], flops: Double = 0, _ body: () throws -> Void
  ) throws {
    let start = ContinuousClock.now
    try body()
    try base.finish()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let bytes = operands.reduce(0) { sum, operand in
      sum + (operand.map { $0.shape.elementCount * $0.dtype.byteWidth } ?? 0)
    }
    totals.withLock {
      $0[name, default: Total()].calls += 1
      $0[name, default: Total()].seconds += seconds
      $0[name, default: Total()].flops += flops
      $0[name, default: Total()].byteCount += bytes
    }
  }

  func receive(_ call: BackendCall) throws {
    try time(call.member, call.operands + [call.out], flops: call.flops) { try call.perform(on: base) }
  }

  func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws {
    try time("d activation", [x, gradient, out]) {
      try derivatives.activationGradient(activation, x, gradient, to: out)
    }
  }

  func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    try time("d gate", [both, gradient, out]) { try derivatives.gateGradient(both, gradient, to: out) }
  }

  func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    try time("d softmax", [weights, gradient, out]) {
      try derivatives.softmaxGradient(weights, scale: scale, gradient, to: out)
    }
  }

  func columnSums(_ x: Operand, to out: Operand) throws {
    try time("column sums", [x, out]) { try derivatives.columnSums(x, to: out) }
  }

  func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput input: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    try time("d groupNorm", [x, gradient, input]) {
      try derivatives.groupNormGradient(
        x, groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, gradient,
        toInput: input, toGamma: toGamma, toBeta: toBeta)
    }
  }

  func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput input: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    try time("d layerNorm", [x, gradient, input]) {
      try derivatives.layerNormGradient(
        x, gamma: gamma, epsilon: epsilon, gradient, toInput: input, toGamma: toGamma, toBeta: toBeta)
    }
  }

  func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws {
    let positions = gradient.shape[0] * gradient.shape[1] * gradient.shape[2]
    try time(
      out.shape[1] * out.shape[2] == 1 ? "d weight, 1x1" : "d weight", [x, gradient, out],
      flops: 2 * Double(out.shape.elementCount) * Double(positions)
    ) { try derivatives.convolutionWeightGradient(x, geometry, gradient, to: out) }
  }

  func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws {
    let taps = weight.shape[0] * weight.shape[1] * weight.shape[2]
    try time(
      "d input", [x, weight, out], flops: 2 * Double(out.shape.elementCount) * Double(taps)
    ) { try derivatives.turnedConvolution(x, weight: weight, geometry: geometry, to: out) }
  }

  func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    // Scores again, and the products of the gradients with values, weights, keys and queries.
    let products =
      (toQueries == nil && toKeys == nil ? 1.0 : 2)
      + [toQueries, toKeys, toValues].reduce(0.0) {
        $0 + ($1 == nil ? 0 : 1)
      }
    let flops = products * 2 * Double(q.shape.elementCount) * Double(k.shape[2])
    try time("d attention", [q, k, v, gradient, toQueries, toKeys, toValues], flops: flops) {
      try derivatives.attentionGradient(
        q, k, v, scale: scale, gradient, toQueries: toQueries, toKeys: toKeys, toValues: toValues)
    }
  }

  func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws {
    try time("adamW", [value, value, first, first, second, second, gradient]) {
      try derivatives.adamW(value, first: first, second: second, gradient, factors)
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
