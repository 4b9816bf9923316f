// SPDX-License-Identifier: Apache-2.0

import DiffusionTraining
import Glibc

/// Another view of a picture: mirrored, turned, larger or smaller, moved, and bent a little.
struct Warp: Sendable, Hashable {
  let isMirrored: Bool
  /// The matrix from the view's places to the picture's, both counted from the middle in shares of the shorter side.
  let matrix: [Float]
  let shift: SIMD2<Float>
  /// A wave along each axis: how far it moves, how many there are, and where it begins.
  let waves: [SIMD3<Float>]

  /// - Parameter strength: 0 changes nothing but the mirroring, 1 as for a picture that is its own reference.
  init(_ random: inout TrainingRandom, strength: Double) {
    isMirrored = random.happens(0.5)
    let angle = random.uniform(-0.2...0.2) * strength
    let scale = exp(random.uniform(-0.25...0.2) * strength)
    let squeeze = exp(random.uniform(-0.08...0.08) * strength)
    matrix = [cos(angle) / (scale * squeeze), sin(angle) / scale, -sin(angle) / scale, cos(angle) * squeeze / scale]
      .map(
        Float.init)
    shift = SIMD2(Float(random.uniform(-0.08...0.08) * strength), Float(random.uniform(-0.08...0.08) * strength))
    waves = (0..<4).map { _ in
      SIMD3(
        Float(random.uniform(0...0.02) * strength), Float(random.uniform(3...8)), Float(random.uniform(0...(2 * .pi))))
    }
  }

  /// A view of a picture in another frame, which the picture fills as far as it goes.
  ///
  /// - Parameter outside: the value beyond the picture, for each channel.
  func callAsFunction(_ picture: Plane, width: Int, height: Int, outside: Float) -> Plane {
    var view = Plane(width: width, height: height, channels: picture.channels, repeating: outside)
    // The picture's shorter side fills the view's.
    let unit = Float(min(width, height))
    let source = Float(min(picture.width, picture.height))
    for y in 0..<height {
      for x in 0..<width {
        var u = (Float(x) + 0.5 - Float(width) / 2) / unit
        let v = (Float(y) + 0.5 - Float(height) / 2) / unit
        if isMirrored { u = -u }
        var s = matrix[0] * u + matrix[1] * v + shift.x
        var t = matrix[2] * u + matrix[3] * v + shift.y
        let (s0, t0) = (s, t)
        s += waves[0].x * sinf(waves[0].y * t0 + waves[0].z) + waves[1].x * sinf(waves[1].y * s0 + waves[1].z)
        t += waves[2].x * sinf(waves[2].y * s0 + waves[2].z) + waves[3].x * sinf(waves[3].y * t0 + waves[3].z)
        let (px, py) = (s * source + Float(picture.width) / 2 - 0.5, t * source + Float(picture.height) / 2 - 0.5)
        for channel in 0..<picture.channels {
          view.values[(y * width + x) * picture.channels + channel] = picture.sample(px, py, channel, outside: outside)
        }
      }
    }
    return view
  }
}
