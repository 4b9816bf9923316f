// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Numbers of a picture's pixels, channels interleaved: what views are made of.
struct Plane: Sendable, Hashable {
  let width: Int
  let height: Int
  let channels: Int
  /// `[height, width, channels]`, row-major.
  var values: [Float]

  init(width: Int, height: Int, channels: Int, values: [Float]) {
    precondition(values.count == width * height * channels, "a plane of other size")
    self.width = width
    self.height = height
    self.channels = channels
    self.values = values
  }

  init(width: Int, height: Int, channels: Int, repeating value: Float) {
    self.init(
      width: width, height: height, channels: channels,
      values: [Float](repeating: value, count: width * height * channels))
  }

  /// Bilinear, at a place in pixels, whose centres are whole numbers; `outside` beyond the edges.
  func sample(_ x: Float, _ y: Float, _ channel: Int, outside: Float) -> Float {
    guard x > -1, y > -1, x < Float(width), y < Float(height) else { return outside }
    let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
    let (fx, fy) = (x - Float(left), y - Float(top))
    func at(_ x: Int, _ y: Int) -> Float {
      x >= 0 && y >= 0 && x < width && y < height ? values[(y * width + x) * channels + channel] : outside
    }
    let upper = at(left, top) + fx * (at(left + 1, top) - at(left, top))
    let lower = at(left, top + 1) + fx * (at(left + 1, top + 1) - at(left, top + 1))
    return upper + fy * (lower - upper)
  }

  /// A part of it, mirrored or not.
  func cropped(left: Int, top: Int, width w: Int, height h: Int, isMirrored: Bool) -> Plane {
    var part: [Float] = []
    part.reserveCapacity(w * h * channels)
    for y in top..<top + h {
      for x in 0..<w {
        let column = isMirrored ? left + w - 1 - x : left + x
        let start = (y * width + column) * channels
        part.append(contentsOf: values[start..<start + channels])
      }
    }
    return Plane(width: w, height: h, channels: channels, values: part)
  }

  /// Blurred by a Gaussian, edges repeated.
  func blurred(sigma: Float) -> Plane {
    let radius = max(1, Int((3 * sigma).rounded(.up)))
    var kernel = (-radius...radius).map { offset in
      let distance = Double(offset) / Double(sigma)
      return Float(exp(-0.5 * distance * distance))
    }
    let sum = kernel.reduce(0, +)
    for index in kernel.indices { kernel[index] /= sum }
    var rows = values
    var result = values
    let (width, height, channels) = (width, height, channels)
    values.withUnsafeBufferPointer { source in
      rows.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for x in 0..<width {
            for c in 0..<channels {
              var total: Float = 0
              for (tap, weight) in kernel.enumerated() {
                let column = min(max(x + tap - radius, 0), width - 1)
                total += weight * source[(y * width + column) * channels + c]
              }
              target[(y * width + x) * channels + c] = total
            }
          }
        }
      }
    }
    rows.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        let rowCount = width * channels
        for y in 0..<height {
          for index in 0..<rowCount { target[y * rowCount + index] = 0 }
          for (tap, weight) in kernel.enumerated() {
            let row = min(max(y + tap - radius, 0), height - 1)
            for index in 0..<rowCount { target[y * rowCount + index] += weight * source[row * rowCount + index] }
          }
        }
      }
    }
    return Plane(width: width, height: height, channels: channels, values: result)
  }

}
