// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Compares the bytes of a destination with the oracle's answer.
struct Judge {
  struct Verdict {
    var worstError = 0.0
    var failure: String?
    var fingerprint: UInt64 = 0
  }

  let expectation: Expectation
  let view: View
  let bufferCount: Int
  let dtype: DType
  let tolerance: Tolerance
  let allowsFlushedSubnormals: Bool
  private let positions: [Int]
  /// Where nothing may be written.
  private let outside: [Int]

  init(
    expectation: Expectation, view: View, bufferCount: Int, dtype: DType, tolerance: Tolerance,
    allowsFlushedSubnormals: Bool
  ) {
    self.expectation = expectation
    self.view = view
    self.bufferCount = bufferCount
    self.dtype = dtype
    self.tolerance = tolerance
    self.allowsFlushedSubnormals = allowsFlushedSubnormals
    positions = view.positions
    precondition(positions.count == expectation.values.count, "the oracle's answer has another shape")
    var inside = [Bool](repeating: false, count: bufferCount)
    for position in positions { inside[position] = true }
    outside = inside.indices.filter { !inside[$0] }
  }

  func judge(_ bytes: [UInt8]) -> Verdict {
    bytes.withUnsafeBytes { raw in
      var verdict = Verdict()
      let poison = Storage.poison(dtype)
      var hash = fnv1a(EmptyCollection())
      for (index, position) in positions.enumerated() {
        let bits = Storage.read(at: position, dtype, from: raw)
        hash = (hash ^ UInt64(bits)) &* 0x100_0000_01b3
        if bits == poison, !expectation.values[index].isNaN {
          verdict.worstError = .infinity
          verdict.failure = verdict.failure ?? "element \(subscripts(index)) was not written"
          continue
        }
        let error = self.error(index, bits)
        verdict.worstError = max(verdict.worstError, error)
        if error > tolerance.value, verdict.failure == nil {
          verdict.failure =
            "element \(subscripts(index)) is \(Storage.decode(bits, from: dtype)), expected "
            + "\(expectation.values[index]); error \(short(error)) of \(short(expectation.magnitudes[index]))"
        }
      }
      verdict.fingerprint = hash
      for position in outside where Storage.read(at: position, dtype, from: raw) != poison {
        verdict.failure = verdict.failure ?? "wrote outside the destination, at element \(position) of the buffer"
      }
      return verdict
    }
  }

  /// The error beyond what storing explains, relative to the magnitude; infinite where a special value is wrong.
  private func error(_ index: Int, _ bits: UInt32) -> Double {
    let expected = expectation.values[index]
    let actual = Storage.decode(bits, from: dtype)
    if expected.isNaN { return actual.isNaN ? 0 : .infinity }
    if actual == expected { return 0 }
    let flushed = allowsFlushedSubnormals && dtype != .f16 && actual == 0 && abs(expected) < 0x1p-126
    if flushed { return 0 }
    let rounded = Storage.encode(expected, as: dtype)
    if rounded == bits { return 0 }
    if tolerance.isExact || actual.isNaN || expected.isInfinite { return .infinity }
    let magnitude = expectation.magnitudes[index]
    if actual.isInfinite {
      // Right if a result within the tolerance rounds to infinity.
      let reachable = abs(expected) + tolerance.value * magnitude
      let largest = Storage.decode(Storage.encode(reachable.magnitude, as: dtype), from: dtype)
      return largest.isInfinite && (actual > 0) == (expected > 0) ? 0 : .infinity
    }
    let storing = Storage.unitRoundoff(dtype) * abs(expected) + Storage.subnormalRoundoff(dtype)
    let flushing = allowsFlushedSubnormals ? 0x1p-126 : 0
    let excess = abs(actual - expected) - storing - flushing
    if excess <= 0 { return 0 }
    return magnitude > 0 ? excess / magnitude : .infinity
  }

  private func subscripts(_ index: Int) -> [Int] {
    var rest = index
    var result: [Int] = []
    for extent in view.shape.extents.reversed() {
      result.append(rest % extent)
      rest /= extent
    }
    return result.reversed()
  }
}
