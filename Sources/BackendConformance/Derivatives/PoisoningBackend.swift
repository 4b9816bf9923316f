// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A backend whose fresh memory is full of not-a-numbers, so that reading what was not written shows.
final class PoisoningBackend: ForwardingBackend, CallReceiver {
  let base: any Backend
  init(_ base: any Backend) { self.base = base }

  func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makePoisonedBuffer(byteCount: byteCount) }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }
}

/// The same before one that has derivatives of its own.
final class PoisoningDerivativeBackend: ForwardingBackend, CallReceiver, DerivativeBackend {
  let base: any Backend
  private let own: any DerivativeBackend

  init(_ own: any DerivativeBackend) {
    base = own
    self.own = own
  }

  var derivativeMembers: Set<DerivativeMember> { own.derivativeMembers }

  func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makePoisonedBuffer(byteCount: byteCount) }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }

  func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws {
    try own.activationGradient(activation, x, gradient, to: out)
  }

  func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    try own.gateGradient(both, gradient, to: out)
  }

  func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    try own.softmaxGradient(weights, scale: scale, gradient, to: out)
  }

  func columnSums(_ x: Operand, to out: Operand) throws { try own.columnSums(x, to: out) }

  func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput input: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    try own.groupNormGradient(
      x, groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, gradient, toInput: input,
      toGamma: toGamma, toBeta: toBeta)
  }

  func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput input: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    try own.layerNormGradient(
      x, gamma: gamma, epsilon: epsilon, gradient, toInput: input, toGamma: toGamma, toBeta: toBeta)
  }

  func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws { try own.convolutionWeightGradient(x, geometry, gradient, to: out) }

  func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws {
    try own.turnedConvolution(x, weight: weight, geometry: geometry, to: out)
  }

  func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    try own.attentionGradient(
      q, k, v, scale: scale, gradient, toQueries: toQueries, toKeys: toKeys, toValues: toValues)
  }

  func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws { try own.adamW(value, first: first, second: second, gradient, factors) }
}

extension Backend {
  fileprivate func makePoisonedBuffer(byteCount: Int) throws -> any Buffer {
    let poison = [UInt16](repeating: UInt16(Storage.poison(.bf16)), count: byteCount / 2)
    return try poison.withUnsafeBytes { try makeBuffer(copying: $0) }
  }
}
