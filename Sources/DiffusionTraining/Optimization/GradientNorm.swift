// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The length of all gradients together.
public struct GradientNorm: Sendable {
  /// The length of each; 0 for one that is nil.
  public let norms: [Double]

  /// Measures gradients.
  ///
  /// - Throws: `BackendError`.
  public init(_ gradients: [Tensor?]) throws {
    let present = gradients.compactMap { $0 }
    // One read for all.
    let sums = try present.map { try ($0 * $0).reshaped([$0.shape.elementCount]).sum() }
    var squares = try sums.isEmpty ? [] : Tensor.concatenate(sums, axis: 0).floats()
    squares.reverse()
    norms = gradients.map { $0 == nil ? 0 : Double(squares.popLast() ?? 0).squareRoot() }
  }

  /// The length of all.
  public var total: Double { norms.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// What the gradients are multiplied by so that they are no longer than a limit (Pascanu et al. 2013):
  /// `min(1, limit / (total + 1e-6))`; 1 without a limit.
  public func factor(limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (total + 1e-6))
  }

  /// - Parameter parameters: those of the gradients.
  /// - Throws: ``TrainingError/notFinite(what:)``, with the parameters at fault, if the length is not finite.
  public func requireFinite(_ parameters: [TrainableParameter], step: Int) throws {
    guard !total.isFinite else { return }
    let faulty = zip(parameters, norms).filter { !$1.isFinite }.map(\.0.key)
    let rest = faulty.count > 3 ? " and \(faulty.count - 3) more" : ""
    throw TrainingError.notFinite(
      what: "the gradient in step \(step) of \(faulty.prefix(3).joined(separator: ", "))\(rest)")
  }
}
