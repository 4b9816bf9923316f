// SPDX-License-Identifier: Apache-2.0

/// The members of ``Backend`` that compute: the one list of which counts, reports and tests are made.
///
/// A new member begins here; the compiler then asks for everything else that it needs (`Docs/AddingAnOp.md`).
public enum BackendMember: String, Sendable, CaseIterable {
  case fill, copy, affine, unary, binary, select, reduce, matmul, conv2d, resample
  case softmax, layerNorm, groupNorm, linear, gatedLinear, convolution, attention, pool

  /// Whether every backend has to have it. The others are fused members, with a default made of these.
  public var isRequired: Bool {
    switch self {
    case .fill, .copy, .affine, .unary, .binary, .select, .reduce, .matmul, .conv2d, .resample: true
    case .softmax, .layerNorm, .groupNorm, .linear, .gatedLinear, .convolution, .attention, .pool: false
    }
  }
}
