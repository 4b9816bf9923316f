// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The lines of a drawing without its paper, RGBA: the ink's colour, and as alpha how much the ink covers.
  ///
  /// The paper's colour and the strength of full ink are found as for ``RegionMap``, so that a pencil's grey covers as well
  /// as black ink does. Where a line covers fully its pixel is the drawing's, sample for sample; laid over white paper, the
  /// lines look as they did.
  ///
  /// - Parameter polarity: whether the lines are dark or light; automatic decides by ``detectedPolarity``.
  public func ink(polarity: SketchPolarity = .automatic) -> Image {
    ink(InkMap(self, polarity: polarity))
  }

  /// The same with the map of the ink that was made of this image.
  func ink(_ map: InkMap) -> Image {
    let paper = map.paper
    let (width, height, channels) = (self.width, self.height, self.channels)
    let flip: UInt8 = map.polarity == .lightOnDark ? 255 : 0
    let inked = [UInt8](unsafeUninitializedCapacity: width * height * 4) { target, count in
      nonisolated(unsafe) let target = target
      self.pixels.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source
        ParallelRows.forEach(height: height, width: width) { rows in
          var scales = [Float](repeating: 0, count: width * 3)
          for y in rows {
            paper.fillRow(y, of: &scales)
            for x in 0..<width {
              let pixel = y * width + x
              let coverage = map.values[pixel] > map.grain ? map.values[pixel] : 0
              let light = paper.light(source, at: pixel * channels)
              let samples = (light.red, light.green, light.blue)
              target[pixel * 4] = Self.ink(samples.0, scales[x * 3], coverage) ^ flip
              target[pixel * 4 + 1] = Self.ink(samples.1, scales[x * 3 + 1], coverage) ^ flip
              target[pixel * 4 + 2] = Self.ink(samples.2, scales[x * 3 + 2], coverage) ^ flip
              target[pixel * 4 + 3] = coverage
            }
          }
        }
      }
      count = width * height * 4
    }
    return Image(checkedWidth: width, height: height, channels: 4, pixels: inked)
  }

  /// The ink's sample `i` of `c i + (1 - c) 255 = sample`, the paper made white; black where there is none.
  private static func ink(_ sample: UInt8, _ scale: Float, _ coverage: UInt8) -> UInt8 {
    guard coverage > 0 else { return 0 }
    // Full cover needs no arithmetic, and the paper's unevenness must not touch it.
    guard coverage < 255 else { return sample }
    let share = Float(coverage) / 255
    let value = (min(255, Float(sample) * scale) - (1 - share) * 255) / share
    return UInt8(min(max(value.rounded(), 0), 255))
  }

  /// The image with another one of the same size over it: `a top + (1 - a) bottom`, rounded; RGB.
  ///
  /// - Parameter top: RGBA.
  package func overlaid(with top: Image) -> Image {
    assert(top.size == size && top.channels == 4)
    let bottom = channels == 3 ? self : composited()
    let (width, height) = (self.width, self.height)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      bottom.pixels.withUnsafeBufferPointer { below in
        top.pixels.withUnsafeBufferPointer { above in
          for pixel in 0..<width * height {
            let alpha = above[pixel * 4 + 3]
            for channel in 0..<3 {
              target[pixel * 3 + channel] = Self.blend(
                above[pixel * 4 + channel], over: below[pixel * 3 + channel], alpha: alpha)
            }
          }
        }
      }
      count = width * height * 3
    }
    return Image(checkedWidth: width, height: height, channels: 3, pixels: pixels)
  }
}
