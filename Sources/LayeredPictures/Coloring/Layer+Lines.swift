// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What becomes of the paper of a drawing that is laid over colours.
public enum LineStyle: String, Sendable, Hashable, CaseIterable, Codable {
  /// The drawing as it is, multiplied over what lies below: white paper is not seen. Not one pixel of it changes.
  case asDrawn
  /// The paper becomes transparent, and what is left are the lines: they can be recoloured with transparency locked,
  /// and anything can lie between them and the paint. Over white it looks as the drawing did, within one level of 255;
  /// black and grey lines look the same over any colour.
  case ink
}

extension Layer {
  /// The lines of a drawing, dark on light or transparent paper.
  public static func lines(_ drawing: Image, style: LineStyle = .asDrawn, name: String = "Lines") -> Layer {
    switch style {
    case .asDrawn: .image(name: name, drawing, blendMode: .multiply)
    case .ink: .image(name: name, drawing.ink)
    }
  }

  /// Lines that were taken off their paper, in the mode that suits them; see `Image.lineLayer(polarity:)`.
  public static func lines(_ lines: LineLayer, name: String = "Lines", isVisible: Bool = true) -> Layer {
    let mode: BlendMode =
      switch lines.blending {
      case .normal: .normal
      case .multiply: .multiply
      case .screen: .screen
      }
    return .image(name: name, lines.image, blendMode: mode, isVisible: isVisible)
  }
}

extension Image {
  /// The least opaque image that looks, over white, as this one does.
  ///
  /// The darkest of a pixel's three colours says how much ink there is: `a = 255 - min(r, g, b)`, and the ink's colour
  /// is `(c - (255 - a)) 255 / a`, rounded.
  fileprivate var ink: Image {
    let opaque = composited()
    var pixels = [UInt8](repeating: 0, count: 4 * width * height)
    opaque.pixels.withUnsafeBufferPointer { source in
      for pixel in 0..<width * height {
        let color = (0..<3).map { Int(source[3 * pixel + $0]) }
        let least = min(color[0], color[1], color[2])
        let alpha = 255 - least
        guard alpha > 0 else { continue }
        for channel in 0..<3 {
          pixels[4 * pixel + channel] = UInt8((2 * 255 * (color[channel] - least) + alpha) / (2 * alpha))
        }
        pixels[4 * pixel + 3] = UInt8(alpha)
      }
    }
    // Of the size of an image that exists.
    return (try? Image(width: width, height: height, channels: 4, pixels: pixels)) ?? self
  }
}
