// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A colour in CIELAB under D65 and the 2-degree observer, the white of sRGB: the space in which colours are compared.
public struct Lab: Sendable, Hashable {
  /// Lightness, 0 (black) ... 100 (white).
  public var lightness: Double
  /// From green (negative) to red.
  public var a: Double
  /// From blue (negative) to yellow.
  public var b: Double

  public init(lightness: Double, a: Double, b: Double) {
    self.lightness = lightness
    self.a = a
    self.b = b
  }

  /// The colour of sRGB samples (IEC 61966-2-1).
  public init(_ color: RGB) {
    let (red, green, blue) = (
      Self.linear[Int(color.red)], Self.linear[Int(color.green)], Self.linear[Int(color.blue)]
    )
    // The matrix of IEC 61966-2-1; its rows' sums are the white, so that grey has no hue.
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890
    let (fx, fy, fz) = (Self.response(x), Self.response(y), Self.response(z))
    self.init(lightness: 116 * fy - 16, a: 500 * (fx - fy), b: 200 * (fy - fz))
  }

  /// Light of each sample value, 0...1.
  private static let linear: [Double] = (0...255).map { value in
    let sample = Double(value) / 255
    return sample <= 0.04045 ? sample / 12.92 : pow((sample + 0.055) / 1.055, 2.4)
  }

  private static func response(_ t: Double) -> Double {
    t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
  }

  /// The CIEDE2000 difference with all weights 1: about 1 is just seen side by side, 10 is another colour to anyone.
  ///
  /// After Sharma, Wu and Dalal, “The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test Data,
  /// and Mathematical Observations”, 2005. It is symmetric, and no metric: the triangle inequality does not hold.
  public func difference(to other: Lab) -> Double {
    let chromas = (hypot(a, b), hypot(other.a, other.b))
    let seventh = pow((chromas.0 + chromas.1) / 2, 7)
    let stretch = 1 + 0.5 * (1 - (seventh / (seventh + 6_103_515_625)).squareRoot())
    let (a1, a2) = (a * stretch, other.a * stretch)
    let (c1, c2) = (hypot(a1, b), hypot(a2, other.b))
    let (h1, h2) = (Self.hue(a1, b), Self.hue(a2, other.b))
    let isGrey = c1 * c2 == 0

    var turn = isGrey ? 0 : h2 - h1
    if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
    let lightnessStep = other.lightness - lightness
    let chromaStep = c2 - c1
    let hueStep = 2 * (c1 * c2).squareRoot() * sin(Self.radians(turn / 2))

    let meanLightness = (lightness + other.lightness) / 2
    let meanChroma = (c1 + c2) / 2
    var meanHue = h1 + h2
    if !isGrey {
      if abs(h1 - h2) > 180 { meanHue += meanHue < 360 ? 360 : -360 }
      meanHue /= 2
    }
    let t =
      1 - 0.17 * cos(Self.radians(meanHue - 30)) + 0.24 * cos(Self.radians(2 * meanHue))
      + 0.32 * cos(Self.radians(3 * meanHue + 6)) - 0.20 * cos(Self.radians(4 * meanHue - 63))
    let offset = (meanLightness - 50) * (meanLightness - 50)
    let lightnessWeight = 1 + 0.015 * offset / (20 + offset).squareRoot()
    let chromaWeight = 1 + 0.045 * meanChroma
    let hueWeight = 1 + 0.015 * meanChroma * t
    let meanSeventh = pow(meanChroma, 7)
    let rotation =
      -2 * (meanSeventh / (meanSeventh + 6_103_515_625)).squareRoot()
      * sin(Self.radians(60 * exp(-pow((meanHue - 275) / 25, 2))))

    let (l, c, h) = (lightnessStep / lightnessWeight, chromaStep / chromaWeight, hueStep / hueWeight)
    return max(0, l * l + c * c + h * h + rotation * c * h).squareRoot()
  }

  /// The hue angle in degrees, 0..<360; 0 for grey.
  private static func hue(_ a: Double, _ b: Double) -> Double {
    guard a != 0 || b != 0 else { return 0 }
    let angle = atan2(b, a) * 180 / .pi
    return angle < 0 ? angle + 360 : angle
  }

  private static func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }
}
