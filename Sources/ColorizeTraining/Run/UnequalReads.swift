// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A backend for counting whose tensors read as a mixture of zeros and ones.
///
/// What is read from a backend that only counts is zeros: a mask of nothing, alike in all samples, of which each region
/// computes its own tokens. The masks of real samples differ, and then every region computes all of them.
final class UnequalReads: ForwardingBackend, CallReceiver, DerivativeBackend {
  let base: any Backend
  private let derivatives: (any DerivativeBackend)?

  init(_ base: any Backend) {
    self.base = base
    derivatives = base as? any DerivativeBackend
  }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }

  /// Numbers that repeat after no row of any mask.
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    var state: UInt64 = 1
    for place in stride(from: 0, to: target.count - 3, by: 4) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      target.storeBytes(of: state >> 63 == 0 ? 0 : Float(1).bitPattern, toByteOffset: place, as: UInt32.self)
    }
    for place in target.count / 4 * 4..<target.count { target[place] = 0 }
  }

  var derivativeMembers: Set<DerivativeMember> { derivatives?.derivativeMembers ?? [] }

  // None of these is called where the base has it not.

  func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws {
    try derivatives?.activationGradient(activation, x, gradient, to: out)
  }

  func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    try derivatives?.gateGradient(both, gradient, to: out)
  }

  func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    try derivatives?.softmaxGradient(weights, scale: scale, gradient, to: out)
  }

  func columnSums(_ x: Operand, to out: Operand) throws { try derivatives?.columnSums(x, to: out) }

  func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput input: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    try derivatives?.groupNormGradient(
      x, groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, gradient, toInput: input,
      toGamma: toGamma, toBeta: toBeta)
  }

  func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput input: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    try derivatives?.layerNormGradient(
      x, gamma: gamma, epsilon: epsilon, gradient, toInput: input, toGamma: toGamma, toBeta: toBeta)
  }

  func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws { try derivatives?.convolutionWeightGradient(x, geometry, gradient, to: out) }

  func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws {
    try derivatives?.turnedConvolution(x, weight: weight, geometry: geometry, to: out)
  }

  func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    try derivatives?.attentionGradient(
      q, k, v, scale: scale, gradient, toQueries: toQueries, toKeys: toKeys, toValues: toValues)
  }

  func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws { try derivatives?.adamW(value, first: first, second: second, gradient, factors) }
}
