// SPDX-License-Identifier: Apache-2.0

extension Int {
  /// The least whole number that is no less than the quotient. Neither number may be negative.
  package func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }

  /// The least multiple that is no less than this. Neither number may be negative.
  package func roundedUp(toMultipleOf multiple: Int) -> Int { dividedRoundingUp(by: multiple) * multiple }
}
