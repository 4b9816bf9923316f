// SPDX-License-Identifier: Apache-2.0

/// Where a run of the suite stands: a case that is about to run on a backend, or has just run.
public struct ConformanceStep: Sendable {
  /// The backend's position among those that were given.
  public let backend: Int
  /// The member of `Backend` that is called.
  public let operation: String
  /// Whether the backend's own member is called or the default made of its primitives.
  public let variant: ConformanceResult.Variant
  /// Shapes, element types, layouts and options of the case.
  public let caseDescription: String
  /// The case's position, from 0; the same for all backends.
  public let index: Int
  /// How many cases there are.
  public let count: Int
  /// Whether it is the last of its operation on this backend.
  public let endsOperation: Bool
}
