// SPDX-License-Identifier: Apache-2.0

import Foundation

extension HardwareReport.Picture {
  /// The values of pictures beside those of others of the same sizes.
  ///
  /// - Throws: ``BenchmarkError/pictureDiffers(_:)`` if there are none, or not as many of both.
  init(_ name: String, seconds: Double, _ values: [UInt8], beside others: [UInt8]) throws {
    guard values.count == others.count, !values.isEmpty else {
      throw BenchmarkError.pictureDiffers("\(name) has \(values.count) values, the processor's \(others.count)")
    }
    var (largest, changed, squares) = (0, 0, 0.0)
    for (a, b) in zip(values, others) where a != b {
      let difference = abs(Int(a) - Int(b))
      largest = max(largest, difference)
      changed += 1
      squares += Double(difference * difference)
    }
    let count = Double(values.count)
    self.init(
      name: name, seconds: brief(seconds), largest: largest,
      psnr: squares > 0 ? brief(10 * log10(255 * 255 * count / squares)) : nil, changed: brief(Double(changed) / count))
  }

  /// Whether it is another picture, and not the same with roundings of its own: those stay above 50 dB in `f16` and `bf16`.
  var isWrong: Bool { psnr.map { $0 < 40 } ?? false }
}
