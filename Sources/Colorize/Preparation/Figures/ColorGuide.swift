// SPDX-License-Identifier: Apache-2.0

/// A coloured picture by which a coarse plane is brought to its edges: the guided filter (He, Sun and Tang, “Guided Image
/// Filtering”, 2013), whose result is, near each place, a linear function of the picture's colours.
package struct ColorGuide {
  private let width: Int
  private let height: Int
  /// Red, green and blue, 0...1.
  private let channels: [[Float]]
  private let radius: Int
  /// The means of the channels around each place.
  private let means: [[Float]]
  /// The inverse of the channels' covariance around each place, the upper triangle row by row.
  private let inverse: [[Float]]

  /// - Parameters:
  ///   - picture: opaque.
  ///   - epsilon: how little colours may differ for their difference to count, squared.
  package init(_ picture: Image, epsilon: Float = 1e-3) {
    (width, height) = (picture.width, picture.height)
    let samples = picture.opaqueRGB(.darkOnLight).pixels
    let channels = (0..<3).map { channel in
      (0..<samples.count / 3).map { Float(samples[3 * $0 + channel]) / 255 }
    }
    let box = Box(width: width, height: height, radius: max(2, max(width, height) / 42))
    let means = channels.map(box.mean)
    func covariance(_ a: Int, _ b: Int) -> [Float] {
      let both = box.mean(of: channels[a], times: channels[b])
      return both.indices.map { both[$0] - means[a][$0] * means[b][$0] + (a == b ? epsilon : 0) }
    }
    let (rr, rg, rb) = (covariance(0, 0), covariance(0, 1), covariance(0, 2))
    let (gg, gb, bb) = (covariance(1, 1), covariance(1, 2), covariance(2, 2))
    var inverse = [[Float]](repeating: [Float](repeating: 0, count: width * height), count: 6)
    for index in 0..<width * height {
      let (rr, rg, rb, gg, gb, bb) = (rr[index], rg[index], rb[index], gg[index], gb[index], bb[index])
      let first = SIMD3(gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb)
      let determinant = rr * first.x + rg * first.y + rb * first.z
      guard determinant > 0 else { continue }
      let others = SIMD3(rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg)
      for place in 0..<3 {
        inverse[place][index] = first[place] / determinant
        inverse[3 + place][index] = others[place] / determinant
      }
    }
    (self.channels, self.means, self.inverse, radius) = (channels, means, inverse, box.radius)
  }

  /// The plane, along the picture's edges.
  package func filtered(_ plane: [Float]) -> [Float] {
    let slopes = slopes(for: plane)
    return plane.indices.map { index in
      var sum = slopes[3][index]
      for channel in 0..<3 { sum += slopes[channel][index] * channels[channel][index] }
      return sum
    }
  }

  /// The plane at the size of a larger picture, along that picture's edges: only the slopes are brought to its size (He and
  /// Sun, “Fast Guided Filter”, 2015).
  ///
  /// - Parameters:
  ///   - plane: of the guide's size.
  ///   - picture: what the guide was made of, at another size; opaque.
  func filtered(_ plane: [Float], at picture: Image) -> [Float] {
    let slopes = slopes(for: plane)
    let samples = picture.opaqueRGB(.darkOnLight).pixels
    /// The places before and after, and how near the latter is.
    func places(_ count: Int, of extent: Int) -> [(before: Int, after: Int, share: Float)] {
      (0..<count).map { index in
        let place = min(max((Float(index) + 0.5) * Float(extent) / Float(count) - 0.5, 0), Float(extent - 1))
        let before = Int(place)
        return (before, min(before + 1, extent - 1), place - Float(before))
      }
    }
    let columns = places(picture.width, of: width)
    var result: [Float] = []
    result.reserveCapacity(picture.width * picture.height)
    for (y, row) in places(picture.height, of: height).enumerated() {
      let (above, below) = (row.before * width, row.after * width)
      for (x, column) in columns.enumerated() {
        func at(_ plane: [Float]) -> Float {
          let top = plane[above + column.before] * (1 - column.share) + plane[above + column.after] * column.share
          let bottom = plane[below + column.before] * (1 - column.share) + plane[below + column.after] * column.share
          return top * (1 - row.share) + bottom * row.share
        }
        let start = 3 * (y * picture.width + x)
        var sum = at(slopes[3])
        for channel in 0..<3 { sum += at(slopes[channel]) * Float(samples[start + channel]) / 255 }
        result.append(sum)
      }
    }
    return result
  }

  /// The slopes of the three channels around each place, and the offset.
  private func slopes(for plane: [Float]) -> [[Float]] {
    let box = Box(width: width, height: height, radius: radius)
    let planeMean = box.mean(plane)
    let products = channels.map { box.mean(of: $0, times: plane) }
    var slopes = [[Float]](repeating: [Float](repeating: 0, count: plane.count), count: 3)
    var offset = planeMean
    for index in plane.indices {
      let mean = SIMD3(means[0][index], means[1][index], means[2][index])
      let covariance =
        SIMD3(products[0][index], products[1][index], products[2][index]) - mean * planeMean[index]
      let slope = SIMD3(
        (SIMD3(inverse[0][index], inverse[1][index], inverse[2][index]) * covariance).sum(),
        (SIMD3(inverse[1][index], inverse[3][index], inverse[4][index]) * covariance).sum(),
        (SIMD3(inverse[2][index], inverse[4][index], inverse[5][index]) * covariance).sum())
      for channel in 0..<3 { slopes[channel][index] = slope[channel] }
      offset[index] -= (slope * mean).sum()
    }
    return slopes.map(box.mean) + [box.mean(offset)]
  }

  /// Means over the squares around places.
  private struct Box {
    let width: Int
    let height: Int
    let radius: Int

    func mean(_ plane: [Float]) -> [Float] { mean { plane[$0] } }
    func mean(of a: [Float], times b: [Float]) -> [Float] { mean { a[$0] * b[$0] } }

    private func mean(_ value: (Int) -> Float) -> [Float] {
      let sums = SummedArea(width: width, height: height, value)
      return (0..<width * height).map { index in
        sums.sum(around: index, radius: radius) / Float(sums.count(around: index, radius: radius))
      }
    }
  }
}
