// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures

/// Composes layers a pixel at a time in double precision, straight from the formula of W3C Compositing and Blending
/// Level 1: slow, and with nothing in common with the library's own compositor.
struct Oracle {
  /// Straight colours and alpha, 0...1.
  struct Pixel {
    var color = [0.0, 0, 0]
    var alpha = 0.0
  }

  static func merged(_ picture: TestPicture) -> [UInt8] {
    var bytes: [UInt8] = []
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let pixel = composed(picture.layers, x, y)
        bytes += pixel.color.map { byte(pixel.alpha < 0.5 / 255 ? 0 : $0) } + [byte(pixel.alpha)]
      }
    }
    return bytes
  }

  private static func byte(_ value: Double) -> UInt8 { UInt8((value * 255).rounded()) }

  private static func composed(_ layers: [ExpectedLayer], _ x: Int, _ y: Int) -> Pixel {
    var below = Pixel()
    for layer in layers where layer.isVisible {
      var above = layer.image == nil ? composed(layer.children, x, y) : pixel(layer, x, y)
      above.alpha *= Double(layer.opacity) / 255
      below = over(below, above, layer.mode)
    }
    return below
  }

  private static func pixel(_ layer: ExpectedLayer, _ x: Int, _ y: Int) -> Pixel {
    guard let image = layer.image, (0..<image.width).contains(x - layer.x), (0..<image.height).contains(y - layer.y)
    else {
      return Pixel()
    }
    let start = ((y - layer.y) * image.width + x - layer.x) * image.channels
    let samples = image.pixels[start..<start + image.channels].map { Double($0) / 255 }
    return Pixel(
      color: image.channels == 1 ? [samples[0], samples[0], samples[0]] : Array(samples[..<3]),
      alpha: image.channels == 4 ? samples[3] : 1)
  }

  private static func over(_ below: Pixel, _ above: Pixel, _ mode: BlendMode) -> Pixel {
    let (ab, a) = (below.alpha, above.alpha)
    let alpha = a + ab - a * ab
    guard alpha > 0 else { return Pixel() }
    let color = (0..<3).map { channel -> Double in
      let (b, s) = (below.color[channel], above.color[channel])
      let mixed = s * a * (1 - ab) + a * ab * blend(b, s, mode) + (1 - a) * ab * b
      return min(1, max(0, mixed / alpha))
    }
    return Pixel(color: color, alpha: alpha)
  }

  private static func blend(_ b: Double, _ s: Double, _ mode: BlendMode) -> Double {
    switch mode {
    case .normal: s
    case .multiply: b * s
    case .screen: b + s - b * s
    case .overlay: blend(s, b, .hardLight)
    case .darken: min(b, s)
    case .lighten: max(b, s)
    case .colorDodge: b == 0 ? 0 : s == 1 ? 1 : min(1, b / (1 - s))
    case .colorBurn: b == 1 ? 1 : s == 0 ? 0 : 1 - min(1, (1 - b) / s)
    case .hardLight: s <= 0.5 ? b * 2 * s : blend(b, 2 * s - 1, .screen)
    case .difference: abs(b - s)
    }
  }
}
