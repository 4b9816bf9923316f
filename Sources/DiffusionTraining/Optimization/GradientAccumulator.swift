// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The sum of the gradients of several passes, so that a batch need not fit into memory at once.
///
/// ```swift
/// var sum = GradientAccumulator(count: parameters.count)
/// for sample in batch { try sum.add(gradients(of: sample), weight: 1 / Double(batch.count)) }
/// ```
public struct GradientAccumulator {
  /// The sums; nil where nothing has come.
  public private(set) var gradients: [Tensor?]

  /// No gradients yet of that many parameters.
  public init(count: Int) { gradients = [Tensor?](repeating: nil, count: count) }

  /// Adds gradients times a weight.
  ///
  /// - Throws: ``TrainingError/misused(reason:)`` for gradients of other parameters; `BackendError`.
  public mutating func add(_ new: [Tensor?], weight: Double = 1) throws {
    guard new.count == gradients.count else {
      throw TrainingError.misused(reason: "\(new.count) gradients were added to those of \(gradients.count) parameters")
    }
    for (index, gradient) in new.enumerated() {
      guard let gradient else { continue }
      if let sum = gradients[index], sum.shape != gradient.shape {
        throw TrainingError.misused(reason: "a gradient \(gradient.shape) was added to one \(sum.shape)")
      }
      let weighted = weight == 1 ? gradient : try gradient * Float(weight)
      gradients[index] = try gradients[index].map { try $0 + weighted } ?? weighted
    }
  }
}
