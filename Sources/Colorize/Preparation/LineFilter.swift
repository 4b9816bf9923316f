// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The classical line filter: what is darker than its surroundings, by a Gaussian high-pass.
///
/// With x the samples 0...255 and g their Gaussian of sigma 6, `i = max(0, g - x)`, of
/// which the least of the channels is taken, is divided by the median of its values above 8 (at least 16), so that typical lines come to
/// one half. The published application's filter ("invert-webui"), which truncates the result to whole samples; here they stay
/// as they are unless that is asked for.
struct LineFilter {
  /// Taps of sigma 6, to four sigmas.
  private static let radius = 24
  private static let taps: [Float] = {
    let raw = (-radius...radius).map { exp(-Double($0 * $0) / (2 * 36)) }
    let sum = raw.reduce(0, +)
    return raw.map { Float($0 / sum) }
  }()

  /// `[height, width]` in 0...1: lines high.
  let values: [Float]

  /// - Parameters:
  ///   - image: opaque, grey or RGB, lines dark.
  ///   - truncates: whether values become whole samples, as published.
  init(_ image: Image, truncates: Bool = false) {
    let (width, height, channels) = (image.width, image.height, image.channels)
    var intensity = [Float](repeating: .infinity, count: width * height)
    for channel in 0..<channels {
      let plane = [Float](unsafeUninitializedCapacity: width * height) { buffer, count in
        image.pixels.withUnsafeBufferPointer { pixels in
          for index in 0..<width * height { buffer[index] = Float(pixels[index * channels + channel]) }
        }
        count = width * height
      }
      let blurred = Self.blurred(plane, width: width, height: height)
      for index in intensity.indices { intensity[index] = min(intensity[index], blurred[index] - plane[index]) }
    }
    for index in intensity.indices { intensity[index] = min(max(intensity[index], 0), 255) }
    let typical = max(Self.median(intensity.filter { $0 > 8 }) ?? 16, 16)
    values = intensity.map { value in
      // In this order the median itself, which whole lines may have, gives 127 and not a little less.
      let sample = min(value / typical * 127, 255)
      return (truncates ? sample.rounded(.down) : sample) / 255
    }
  }

  private static func median(_ values: [Float]) -> Float? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The Gaussian, with samples mirrored at the borders, the border's own not repeated.
  private static func blurred(_ plane: [Float], width: Int, height: Int) -> [Float] {
    func mirrored(_ position: Int, _ count: Int) -> Int {
      guard count > 1 else { return 0 }
      let period = 2 * (count - 1)
      let place = ((position % period) + period) % period
      return place < count ? place : period - place
    }
    let columns = (-radius..<width + radius).map { mirrored($0, width) }
    let rows = (-radius..<height + radius).map { mirrored($0, height) }
    var along = [Float](repeating: 0, count: plane.count)
    along.withUnsafeMutableBufferPointer { along in
      nonisolated(unsafe) let along = along
      ParallelRows.forEach(height: height, width: width) { band in
        for y in band {
          for x in 0..<width {
            var sum: Float = 0
            for tap in 0..<taps.count { sum += taps[tap] * plane[y * width + columns[x + tap]] }
            along[y * width + x] = sum
          }
        }
      }
    }
    var result = [Float](repeating: 0, count: plane.count)
    let source = along
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let result = result
      ParallelRows.forEach(height: height, width: width) { band in
        for y in band {
          for tap in 0..<taps.count {
            let row = rows[y + tap] * width
            let weight = taps[tap]
            for x in 0..<width { result[y * width + x] += weight * source[row + x] }
          }
        }
      }
    }
    return result
  }

  /// The lines at the working size, -1 (paper) ... 1.
  ///
  /// - Parameter drawing: what the filter ran over.
  func lines(width: Int, height: Int, drawing: Image) -> [Float] {
    var lines: [Float] = []
    lines.reserveCapacity(width * height)
    let count = drawing.width
    Resampler(from: (drawing.width, drawing.height), to: (width, height)).run(channels: 1) { row, target in
      for x in 0..<count { target[x] = values[row * count + x] }
    } emit: { _, row in
      // Rounded as a picture is, so that the picture of it gives the same lines.
      lines += row.map { -SampleRange.signed.float(of: SampleRange.unit.sample(of: 1 - $0)) }
    }
    return lines
  }
}
