// SPDX-License-Identifier: Apache-2.0

/// What can go wrong when a schedule is made from values that came from outside.
public enum ScheduleError: Error, Equatable, CustomStringConvertible {
  /// A schedule configuration that describes no diffusion process; says which value and why.
  case invalidConfiguration(String)
  /// A number of steps outside of what the schedule can give.
  case stepsOutOfRange(steps: Int, allowed: ClosedRange<Int>)
  /// A name that stands for none of the choices, which are listed.
  case unknownName(String, allowed: [String])
  /// A name that something else has already.
  case nameTaken(String, by: String)
  /// A name without a letter or a digit.
  case invalidName(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .invalidConfiguration(let reason):
      "invalid noise schedule: \(reason)"
    case .stepsOutOfRange(let steps, let allowed):
      "\(steps) steps are out of range: \(allowed.lowerBound)...\(allowed.upperBound) are possible"
    case .unknownName(let name, let allowed):
      "unknown name \"\(name)\": one of \(allowed.joined(separator: ", ")) is expected"
    case .nameTaken(let name, let owner):
      "the name \"\(name)\" is taken: it stands for \(owner); case, spaces, - and _ do not count"
    case .invalidName(let name):
      "\"\(name)\" is no name: letters and digits are expected"
    }
  }
}

extension ScheduleError: CategorizedError {
  public var category: ErrorCategory { .usage }
}
