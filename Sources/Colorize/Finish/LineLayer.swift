// SPDX-License-Identifier: Apache-2.0

/// The lines of a drawing as a layer over colours, and how they meet what lies beneath.
///
/// It is what a colourist does by hand. Dark lines on paper are multiplied over the colours, so that grey lines darken what
/// is beneath them as they darken their paper. Light lines on a dark ground are screened. Lines that were drawn on
/// transparency are laid over as they are, in their own colours and opacity.
public struct LineLayer: Sendable, Hashable {
  /// How the lines meet the colours beneath.
  public enum Blending: String, Sendable, Hashable, CaseIterable, Codable {
    /// They cover them, as far as they are opaque.
    case normal
    /// They darken them.
    case multiply
    /// They lighten them.
    case screen
  }

  /// RGBA; paper is transparent.
  public let image: Image
  /// How it is laid over colours.
  public let blending: Blending

  /// - Parameter image: RGBA.
  package init(_ image: Image, _ blending: Blending) {
    assert(image.channels == 4)
    self.image = image
    self.blending = blending
  }
}

extension Image {
  /// The lines of a drawing as a layer over colours.
  ///
  /// - Of a drawing on transparent paper it is the drawing, untouched. One whose opaque part has paper of its own, such as
  ///   a figure that is cut out, is treated as a drawing on paper.
  /// - On paper, what differs from the paper is left: the paper becomes white, wherever it is uneven, and transparent.
  ///   Multiplied (light lines: screened) the layer does what the drawing would do if its paper were white, within one level
  ///   of 255, and exactly for black and grey lines.
  ///
  /// - Parameter polarity: whether the lines are dark or light; automatic decides by ``detectedPolarity``.
  public func lineLayer(polarity: SketchPolarity = .automatic) -> LineLayer {
    lineLayer(InkMap(self, polarity: polarity))
  }

  /// The same with the map of the ink that was made of this image.
  func lineLayer(_ map: InkMap) -> LineLayer {
    let isLight = map.polarity == .lightOnDark
    if hasTransparency, !hasOwnPaper(isLight: isLight) { return LineLayer(self, .normal) }
    let (width, height, channels) = (self.width, self.height, self.channels)
    let paper = map.paper
    let flip: UInt8 = isLight ? 255 : 0
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 4) { target, count in
      nonisolated(unsafe) let target = target
      self.pixels.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source
        ParallelRows.forEach(height: height, width: width) { rows in
          var scales = [Float](repeating: 0, count: width * 3)
          for y in rows {
            paper.fillRow(y, of: &scales)
            for x in 0..<width {
              let pixel = y * width + x
              let light = paper.light(source, at: pixel * channels)
              // The paper's grain is no line.
              let isInk = map.values[pixel] > map.grain
              func factor(_ sample: UInt8, _ scale: Float) -> Int {
                isInk ? 255 - Int(max(0, 255 - Float(sample) * scale)) : 255
              }
              let factors = (
                factor(light.red, scales[x * 3]), factor(light.green, scales[x * 3 + 1]),
                factor(light.blue, scales[x * 3 + 2])
              )
              let least = min(factors.0, factors.1, factors.2)
              let alpha = 255 - least
              // As little opacity as does it, so that black and grey lines are black, and can be recoloured.
              func sample(_ factor: Int) -> UInt8 {
                alpha == 0 ? flip : UInt8((2 * 255 * (factor - least) + alpha) / (2 * alpha)) ^ flip
              }
              target[pixel * 4] = sample(factors.0)
              target[pixel * 4 + 1] = sample(factors.1)
              target[pixel * 4 + 2] = sample(factors.2)
              target[pixel * 4 + 3] = UInt8(alpha)
            }
          }
        }
      }
      count = width * height * 4
    }
    return LineLayer(
      Image(checkedWidth: width, height: height, channels: 4, pixels: pixels), isLight ? .screen : .multiply)
  }

  /// The image with lines over it; RGB.
  ///
  /// - Parameter lines: of the same size.
  package func lined(with lines: LineLayer) -> Image {
    assert(lines.image.size == size)
    guard lines.blending != .normal else { return overlaid(with: lines.image) }
    // Screening is multiplying with light and dark changed.
    let flip: UInt8 = lines.blending == .screen ? 255 : 0
    let bottom = channels == 3 ? self : composited()
    let count = width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { target, filled in
      bottom.pixels.withUnsafeBufferPointer { below in
        lines.image.pixels.withUnsafeBufferPointer { above in
          for pixel in 0..<count {
            let alpha = Int(above[pixel * 4 + 3])
            for channel in 0..<3 {
              let color = Int(below[pixel * 3 + channel] ^ flip)
              let line = Int(above[pixel * 4 + channel] ^ flip)
              let factor = (255 - alpha) * 255 + alpha * line
              target[pixel * 3 + channel] = UInt8((color * factor + 32_512) / 65_025) ^ flip
            }
          }
        }
      }
      filled = count * 3
    }
    return Image(checkedWidth: width, height: height, channels: 3, pixels: pixels)
  }
}
