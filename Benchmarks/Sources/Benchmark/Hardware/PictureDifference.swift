// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation

extension HardwareReport.Picture {
  /// A picture beside another of the same size.
  ///
  /// - Throws: ``BenchmarkError/pictureDiffers(_:)`` if the sizes differ.
  init(_ name: String, seconds: Double, _ picture: Image, beside other: Image) throws {
    guard picture.width == other.width, picture.height == other.height, picture.channels == other.channels else {
      throw BenchmarkError.pictureDiffers(
        "\(name) is \(picture.width) x \(picture.height), the processor's \(other.width) x \(other.height)")
    }
    var (largest, changed, squares) = (0, 0, 0.0)
    for (a, b) in zip(picture.pixels, other.pixels) where a != b {
      let difference = abs(Int(a) - Int(b))
      largest = max(largest, difference)
      changed += 1
      squares += Double(difference * difference)
    }
    let count = Double(max(picture.pixels.count, 1))
    self.init(
      name: name, seconds: brief(seconds), largest: largest,
      psnr: squares > 0 ? brief(10 * log10(255 * 255 * count / squares)) : nil, changed: brief(Double(changed) / count))
  }

  /// Whether it is another picture, and not the same with roundings of its own: those stay above 50 dB in `f16` and `bf16`.
  var isWrong: Bool { psnr.map { $0 < 40 } ?? false }
}
