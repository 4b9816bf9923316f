// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with regions, flats, their files, or what is asked of them.
public enum FlatsError: Error, Sendable, Equatable {
  /// An option outside its range; `reason` names it, its value and the range.
  case invalidOption(reason: String)
  /// Pictures that do not belong together, or a region that is not there.
  case mismatch(reason: String)
  /// A file that is no region map, or not the one that goes with the other file.
  case invalidFile(file: String?, reason: String)
}

extension FlatsError: CustomStringConvertible {
  /// One sentence or two for the user.
  public var description: String {
    switch self {
    case .invalidOption(let reason), .mismatch(let reason): "\(reason)."
    case .invalidFile(let file, let reason): "\(file ?? "the region map"): \(reason)."
    }
  }
}
