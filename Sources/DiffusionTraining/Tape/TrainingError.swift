// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What can go wrong while gradients are made.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The value was not computed, from variables, within the tape's last recording; or its gradients were taken already.
  case notRecorded
  /// A tensor that a derivative needs was written again after it had been read.
  case overwritten(member: String)
  /// A destination, or a tensor whose gradient is wanted, names some elements several times in a way that is no
  /// broadcasting.
  case overlappingView(member: String)
  /// Something was called with what it cannot be called with, or at a time when it cannot be.
  case misused(reason: String)
  /// A number that has to be finite is not.
  case notFinite(what: String)
  /// What is asked for cannot be trained with this model.
  case unsupported(reason: String)
  /// A saved state is of another training, or cannot be used.
  case unusableState(file: String, reason: String)

  public var description: String {
    switch self {
    case .notRecorded:
      "gradients were asked for a tensor that does not depend on a variable of the tape's last recording"
    case .overwritten(let member):
      "the derivative of \(member) needs a tensor that was overwritten after \(member) had read it"
    case .overlappingView(let member):
      "\(member) was called with a view whose elements overlap; gradients need a view without overlaps"
    case .misused(let reason): reason
    case .notFinite(let what):
      "\(what) is not finite"
    case .unsupported(let reason): reason
    case .unusableState(let file, let reason): "\(file): \(reason)"
    }
  }
}

extension TrainingError: CategorizedError {
  public var category: ErrorCategory {
    switch self {
    case .unsupported, .unusableState: .usage
    case .notRecorded, .overwritten, .overlappingView, .misused, .notFinite: .run
    }
  }
}
