// SPDX-License-Identifier: Apache-2.0

/// The colour around each pixel of a coloured picture, as if its lines were not there.
///
/// A morphological closing: the lightest value of a square around a pixel, and of those the darkest. It fills dark
/// structures that are narrower than the square, such as drawn lines, and leaves everything else as it is: areas of any
/// colour, their borders, and soft shading. So what is darker than its closing is a line, whatever is beneath it.
struct LocalPaper {
  private let width: Int
  private let height: Int
  private let channels: Int
  /// As the picture's pixels.
  private let levels: [UInt8]

  /// - Parameters:
  ///   - image: grey or RGB.
  ///   - radius: half of the square's side, less one half: lines of `2 radius` pixels are filled.
  init(of image: Image, radius: Int) {
    (width, height, channels) = (image.width, image.height, image.channels)
    let (width, height, channels) = (width, height, channels)
    func extremes(_ source: [UInt8], _ pick: (UInt8, UInt8) -> UInt8) -> [UInt8] {
      let rows = Self.running(
        source, lines: height, length: width, lineStep: width * channels, step: channels, channels: channels,
        radius: radius, pick)
      return Self.running(
        rows, lines: width, length: height, lineStep: channels, step: width * channels, channels: channels,
        radius: radius, pick)
    }
    levels = extremes(extremes(image.pixels, max), min)
  }

  /// The extreme of `2 radius + 1` samples around each, along lines, after van Herk: three comparisons a sample, whatever the
  /// radius.
  private static func running(
    _ source: [UInt8], lines: Int, length: Int, lineStep: Int, step: Int, channels: Int, radius: Int,
    _ pick: (UInt8, UInt8) -> UInt8
  ) -> [UInt8] {
    let window = 2 * radius + 1
    // The line with its ends repeated, in whole blocks of a window.
    let blocks = (length + 2 * radius + window - 1) / window
    var forward = [UInt8](repeating: 0, count: blocks * window)
    var backward = forward
    return [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
      source.withUnsafeBufferPointer { source in
        for line in 0..<lines {
          for channel in 0..<channels {
            let start = line * lineStep + channel
            for place in 0..<forward.count {
              let sample = source[start + min(max(place - radius, 0), length - 1) * step]
              (forward[place], backward[place]) = (sample, sample)
            }
            for place in 0..<forward.count where place % window != 0 {
              forward[place] = pick(forward[place], forward[place - 1])
            }
            for place in (0..<forward.count).reversed() where place % window != window - 1 {
              backward[place] = pick(backward[place], backward[place + 1])
            }
            for place in 0..<length {
              target[start + place * step] = pick(backward[place], forward[place + window - 1])
            }
          }
        }
      }
      count = source.count
    }
  }

  /// The paper as a picture's pixels, row by row.
  var samples: [UInt8] { levels }

  /// The paper along a row: `width * channels` levels.
  func fill(row y: Int, into target: inout [Float]) {
    for index in 0..<width * channels { target[index] = Float(levels[y * width * channels + index]) }
  }
}
