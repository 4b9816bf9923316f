// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What the suite checks.
public struct ConformanceOptions: Sendable {
  /// The members of `Backend` to run, by name (`matmul`, `groupNorm`, ...); nil for all.
  public var operations: Set<String>?
  /// Whether to run the cases whose extents cross the tiles of common implementations. They take most of the time.
  public var includesLargeCases = true
  /// Whether to run the cases with infinities and NaN. A device that promises nothing about them turns this off.
  public var checksNonFiniteValues = true
  /// Whether subnormal `f32` and `bf16` results may be zero instead, as devices without subnormals make them.
  /// Arithmetic then meets no subnormal inputs either. Subnormal `f16` values must survive in any case: they are normal numbers in `f32`.
  public var allowsFlushedSubnormals = false
  /// Whether fused members are run a second time as their defaults, made of the backend's primitives.
  public var comparesDefaults = true
  /// Multiplies the tolerance of convolutions, for backends whose transforms (Winograd) cost digits.
  public var convolutionSlack = 1.0
  /// What the members that multiply layers' matrices (`linear`, `gatedLinear`, `conv2d`, `convolution`, `attention`)
  /// round the factors to. The oracle then rounds them too, to nearest even, and the tolerance stays that of sums in
  /// `f32`; attention's keys are rounded after they are multiplied by the scale and log2 e, as for powers of two.
  public var factorType = DType.f32
  /// Changes all random inputs.
  public var seed: UInt64 = 0

  /// Everything, strictly.
  public init() {}
}
