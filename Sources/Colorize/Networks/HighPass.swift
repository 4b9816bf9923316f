// SPDX-License-Identifier: Apache-2.0

/// What sketchKeras takes: a picture less its blur, `(x - blur(x)) / 127.5`, divided by the largest value of all channels.
///
/// The blur is OpenCV's Gaussian of sigma 3 on 8-bit samples, to the bit: whole numbers for taps, mirrored borders whose
/// pixels are not repeated, one rounding at the end.
package struct HighPass {
  /// In 256ths.
  private static let taps: [UInt32] = [0, 1, 3, 4, 9, 14, 20, 28, 32, 34, 32, 28, 20, 14, 9, 4, 3, 1, 0]
  private static let radius = 9

  /// Channel by channel `[height, width]`, the largest value 1; nil for a picture without anything lighter than its
  /// surroundings, such as one of a single colour.
  package let planes: [[Float]]?
  /// The blurred samples, interleaved as the picture's.
  package let blurred: [UInt8]

  /// - Parameter image: opaque, grey or RGB.
  package init(_ image: Image) {
    let (width, height, channels) = (image.width, image.height, image.channels)
    let blurred = Self.blurred(image)
    self.blurred = blurred
    var planes: [[Float]] = []
    for channel in 0..<channels {
      planes.append(
        (0..<width * height).map { index in
          let place = index * channels + channel
          return (Float(image.pixels[place]) - Float(blurred[place])) / 127.5
        })
    }
    let largest = planes.lazy.compactMap { $0.max() }.max() ?? 0
    // The published application divides by zero here.
    self.planes = largest > 0 ? planes.map { $0.map { $0 / largest } } : nil
  }

  private static func blurred(_ image: Image) -> [UInt8] {
    let (width, height, channels) = (image.width, image.height, image.channels)
    func mirrored(_ count: Int) -> [Int] {
      (-radius..<count + radius).map { position in
        guard count > 1 else { return 0 }
        let period = 2 * (count - 1)
        let place = ((position % period) + period) % period
        return place < count ? place : period - place
      }
    }
    let (columns, rows) = (mirrored(width), mirrored(height))
    var along = [UInt32](repeating: 0, count: image.pixels.count)
    var result = [UInt8](repeating: 0, count: image.pixels.count)
    image.pixels.withUnsafeBufferPointer { pixels in
      along.withUnsafeMutableBufferPointer { along in
        for y in 0..<height {
          for x in 0..<width {
            for channel in 0..<channels {
              var sum: UInt32 = 0
              for (tap, weight) in taps.enumerated() {
                sum += weight * UInt32(pixels[(y * width + columns[x + tap]) * channels + channel])
              }
              along[(y * width + x) * channels + channel] = sum
            }
          }
        }
      }
    }
    var sums = [UInt32](repeating: 0, count: width * channels)
    for y in 0..<height {
      for index in sums.indices { sums[index] = 0 }
      for (tap, weight) in taps.enumerated() {
        let row = rows[y + tap] * width * channels
        for index in sums.indices { sums[index] += weight * along[row + index] }
      }
      // Taps add up to 256 along each axis, so the result has 8 bits.
      for index in sums.indices { result[y * width * channels + index] = UInt8((sums[index] + 32768) >> 16) }
    }
    return result
  }
}
