// SPDX-License-Identifier: Apache-2.0

import Glibc

// How colours of other models become sRGB: by the plain formulas, because swatch files come without the profiles that
// exact ones would need. Values outside of the model's range, or of what sRGB can show, are cut to it.

extension RGB {
  /// The colour of samples in 0...1, rounded.
  init(unit red: Double, _ green: Double, _ blue: Double) {
    func sample(_ value: Double) -> UInt8 {
      // A NaN compares false, and becomes 0.
      value > 0 ? UInt8((min(value, 1) * 255).rounded()) : 0
    }
    self.init(sample(red), sample(green), sample(blue))
  }

  /// The colour of light, 0...1 each, by the curve of IEC 61966-2-1.
  init(linear red: Double, _ green: Double, _ blue: Double) {
    func encoded(_ light: Double) -> Double {
      light <= 0.003_130_8 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055
    }
    self.init(unit: encoded(red), encoded(green), encoded(blue))
  }

  /// A grey, 0 (black) ... 1 (white).
  init(grey: Double) { self.init(unit: grey, grey, grey) }

  /// Ink in 0...1: `(1 - ink)(1 - black)`.
  init(cyan: Double, magenta: Double, yellow: Double, black: Double) {
    self.init(unit: (1 - cyan) * (1 - black), (1 - magenta) * (1 - black), (1 - yellow) * (1 - black))
  }

  /// Hue in turns, 0 and 1 are red; saturation and brightness in 0...1.
  init(hue: Double, saturation: Double, brightness: Double) {
    func channel(_ offset: Double) -> Double {
      let place = (offset + hue * 6).truncatingRemainder(dividingBy: 6)
      return brightness - brightness * saturation * max(0, min(place, 4 - place, 1))
    }
    self.init(unit: channel(5), channel(3), channel(1))
  }

  /// The nearest samples of a colour. What sRGB cannot show is cut, sample by sample.
  public init(_ color: Lab) {
    let (x, y, z) = color.stimulus(white: (0.9505, 1, 1.0890))
    self.init(x: x, y: y, z: z)
  }

  /// A colour of CIELAB under D50, as print programs keep it, adapted to D65 by Bradford's transform.
  init(printLab color: Lab) {
    let (x, y, z) = color.stimulus(white: (0.9642, 1, 0.8249))
    self.init(
      x: 0.955_576_6 * x - 0.023_039_3 * y + 0.063_163_6 * z,
      y: -0.028_289_5 * x + 1.009_941_6 * y + 0.021_007_7 * z,
      z: 0.012_298_2 * x - 0.020_483 * y + 1.329_909_8 * z)
  }

  /// CIE XYZ under D65, white being 1.
  init(x: Double, y: Double, z: Double) {
    // The inverse of the matrix of `Lab.init(_:)`. The standard's own, of four digits, would lose samples near black.
    self.init(
      linear: 3.240_625_477_320_053 * x - 1.537_207_972_210_319 * y - 0.498_628_598_698_247_9 * z,
      -0.968_930_714_729_319_7 * x + 1.875_756_060_885_241_2 * y + 0.041_517_523_842_953_97 * z,
      0.055_710_120_445_510_616 * x - 0.204_021_050_598_486_67 * y + 1.056_995_942_254_388_3 * z)
  }
}

extension Lab {
  /// The XYZ that this colour is under the given white.
  fileprivate func stimulus(white: (x: Double, y: Double, z: Double)) -> (Double, Double, Double) {
    func light(_ t: Double) -> Double {
      t > 6.0 / 29 ? t * t * t : (116 * t - 16) * 27 / 24389
    }
    let middle = (lightness + 16) / 116
    return (
      white.x * light(middle + a / 500), white.y * light(middle), white.z * light(middle - b / 200)
    )
  }
}
