// SPDX-License-Identifier: Apache-2.0

/// The members of ``DerivativeBackend``.
public enum DerivativeMember: String, Sendable, Hashable, CaseIterable {
  case activation, gate, softmax, columnSums, groupNorm, layerNorm, attention
  case convolutionWeight, turnedConvolution
  case adamW
}

/// A backend that computes some derivatives in one piece, where they would take many calls of members.
///
/// Training uses these members in place of the same made of primitives, if the backend that it computes on conforms. All
/// operands are `f32` where results are; they may be strided. What is not wanted is nil.
public protocol DerivativeBackend: Backend {
  /// The members that are worth being called; what is not among them is made of primitives. By default all.
  var derivativeMembers: Set<DerivativeMember> { get }
  /// `out = gradient * activation'(x)`, element by element.
  func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws
  /// Of ``Backend/gatedLinear(_:weight:bias:to:)``: for `both = [value, gate]` `[M, 2N]` and the gradient `[M, N]`,
  /// `[gradient gelu(gate), gradient value gelu'(gate)]` `[M, 2N]`.
  func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws
  /// Of a softmax over the last axis whose results are `weights`: `scale weights (gradient - sum(weights gradient))`.
  func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws
  /// The sums over all axes but the last: `x [..., C]` to `[C]`.
  func columnSums(_ x: Operand, to out: Operand) throws
  /// Of ``Backend/groupNorm(_:groups:gamma:beta:epsilon:activation:to:)``.
  func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput input: Operand, toGamma: Operand?, toBeta: Operand?) throws
  /// Of ``Backend/layerNorm(_:gamma:beta:epsilon:to:)``.
  func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput input: Operand, toGamma: Operand?,
    toBeta: Operand?) throws
  /// The gradient of a convolution's weight, `[O, kh, kw, I]`, of `x [B, H, W, I]` and the gradient `[B, H', W', O]`, of a
  /// geometry with one group.
  func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand) throws
  /// A convolution `x [B, H, W, O]` to `[B, H', W', I]` with a weight `[O, kh, kw, I]` whose kernels are turned by half a
  /// turn and whose inputs and outputs are exchanged: the gradient of a convolution's input. The weight is of any element
  /// type; the geometry has one group, and neither a stride nor upsampling.
  func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws
  /// Of ``Backend/attention(_:_:_:scale:to:)``: for queries `[B, H, N, D]`, keys and values `[B, H, M, D]` and the gradient
  /// `[B, H, N, D]`, the gradients of all three, without a matrix of all queries by all keys.
  func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?) throws
  /// A step of AdamW in place, on operands of one shape:
  /// `m = b1 m + (1 - b1) s g`, `v = b2 v + (1 - b2) (s g)^2`, `p = decay p - rate m / (deviationScale sqrt(v) + epsilon)`.
  ///
  /// - Parameter gradient: nil stands for zeros.
  func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors) throws
}

extension DerivativeBackend {
  public var derivativeMembers: Set<DerivativeMember> { Set(DerivativeMember.allCases) }

  /// The backend itself if it has a member of its own.
  public func having(_ member: DerivativeMember) -> (any DerivativeBackend)? {
    derivativeMembers.contains(member) ? self : nil
  }
}

/// The numbers of one step of AdamW.
public struct AdamWFactors: Sendable, Hashable {
  /// What gradients are multiplied by.
  public var gradientScale: Float
  /// How slowly the first moment forgets. In double precision, because 1 - beta is needed as well, and loses what a float
  /// beta has.
  public var beta1: Double
  /// How slowly the second moment forgets.
  public var beta2: Double
  /// What the root of the second moment is multiplied by.
  public var deviationScale: Float
  /// What is added to it.
  public var epsilon: Float
  /// What the value is multiplied by.
  public var decay: Float
  /// The step along the first moment.
  public var rate: Float

  /// Factors of a step.
  public init(
    gradientScale: Float, beta1: Double, beta2: Double, deviationScale: Float, epsilon: Float, decay: Float,
    rate: Float
  ) {
    self.gradientScale = gradientScale
    self.beta1 = beta1
    self.beta2 = beta2
    self.deviationScale = deviationScale
    self.epsilon = epsilon
    self.decay = decay
    self.rate = rate
  }
}
