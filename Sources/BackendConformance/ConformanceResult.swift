// SPDX-License-Identifier: Apache-2.0

/// What one case of the suite found on one backend.
public struct ConformanceResult: Sendable, CustomStringConvertible {
  /// Which implementation of a member was run.
  public enum Variant: String, Sendable {
    /// The backend's own member.
    case member
    /// The protocol's default of a fused member, made of the backend's primitives.
    case composed
  }

  /// The member of `Backend` that was called, for example `groupNorm`.
  public let operation: String
  /// Whether the backend's own member was called or the default made of its primitives.
  public let variant: Variant
  /// Shapes, element types, layouts and options of the case.
  public let caseDescription: String
  /// The largest error of an element, relative to the magnitude that the operation works with (for a matrix product
  /// the product of the magnitudes), after what rounding to the output's element type explains.
  public let worstError: Double
  /// The largest error that passes.
  public let tolerance: Double
  /// Why the tolerance is what it is.
  public let toleranceReason: String
  /// What went wrong, nil if the case passed.
  public let failure: String?
  /// A hash of the bits of the output: equal for equal results.
  public let fingerprint: UInt64
  /// What the backend took for both runs of the case, in seconds, with the copies to it and back.
  public let seconds: Double

  /// Whether every element was within the tolerance, and nothing but the destination was written.
  public var passed: Bool { failure == nil }

  /// The worst error as a part of its tolerance: 1 is the most that passes, and infinity stands for what is no number.
  /// Exact cases have no tolerance; theirs is 0 or infinity.
  public var worstShare: Double {
    if worstError == 0 { return 0 }
    return tolerance > 0 ? worstError / tolerance : .infinity
  }

  /// The verdict, the case and its error; for a failure also what happened and what the tolerance stands on.
  public var description: String {
    let name = variant == .member ? operation : "\(operation) (composed)"
    let line = "\(passed ? "pass" : "FAIL")  \(name): \(caseDescription)"
    let error = "error \(short(worstError)), tolerance \(short(tolerance))"
    guard let failure else { return "\(line)  [\(error)]" }
    return "\(line)  [\(error)]\n      \(failure)\n      tolerance: \(toleranceReason)"
  }
}

extension Sequence<ConformanceResult> {
  /// The cases that did not pass.
  public var failures: [ConformanceResult] { filter { !$0.passed } }

  /// A text with one line for each operation (cases, failures, the worst error as a part of its tolerance), then every
  /// failure in full.
  public var report: String {
    var order: [String] = []
    var groups: [String: [ConformanceResult]] = [:]
    for result in self {
      let name = result.variant == .member ? result.operation : "\(result.operation) (composed)"
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(result)
    }
    var lines = order.map { name in
      let results = groups[name] ?? []
      let share = results.filter { $0.tolerance > 0 }.map { $0.worstError / $0.tolerance }.max() ?? 0
      let percent = share.isFinite ? "\(Int((share * 100).rounded(.up))) %" : "not finite"
      let failed = results.failures.count
      return "\(failed == 0 ? "pass" : "FAIL")  \(name): \(results.count) cases, \(failed) failed, "
        + "worst error \(percent) of its tolerance"
    }
    lines += failures.map(\.description)
    return lines.joined(separator: "\n")
  }
}

/// Three significant digits, without the help of Foundation.
func short(_ x: Double) -> String {
  guard x.isFinite, x != 0 else { return "\(x)" }
  var exponent = 0
  var mantissa = x
  while abs(mantissa) >= 10 {
    mantissa /= 10
    exponent += 1
  }
  while abs(mantissa) < 1 {
    mantissa *= 10
    exponent -= 1
  }
  return "\((mantissa * 100).rounded() / 100)e\(exponent)"
}
