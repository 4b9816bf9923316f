// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct LabTests {
  /// Sharma, Wu and Dalal, “The CIEDE2000 Color-Difference Formula”, 2005, table 1: two colours, and their difference to
  /// four decimals. The pairs go through every turn of the formula.
  static let pairs: [(Lab, Lab, Double)] = [
    (
      Lab(lightness: 50.0000, a: 2.6772, b: -79.7751), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      2.0425
    ),
    (
      Lab(lightness: 50.0000, a: 3.1571, b: -77.2803), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      2.8615
    ),
    (
      Lab(lightness: 50.0000, a: 2.8361, b: -74.0200), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      3.4412
    ),
    (
      Lab(lightness: 50.0000, a: -1.3802, b: -84.2814), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: -1.1848, b: -84.8006), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: -0.9009, b: -85.5211), Lab(lightness: 50.0000, a: 0.0000, b: -82.7485),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: 0.0000, b: 0.0000), Lab(lightness: 50.0000, a: -1.0000, b: 2.0000),
      2.3669
    ),
    (
      Lab(lightness: 50.0000, a: -1.0000, b: 2.0000), Lab(lightness: 50.0000, a: 0.0000, b: 0.0000),
      2.3669
    ),
    (
      Lab(lightness: 50.0000, a: 2.4900, b: -0.0010), Lab(lightness: 50.0000, a: -2.4900, b: 0.0009),
      7.1792
    ),
    (
      Lab(lightness: 50.0000, a: 2.4900, b: -0.0010), Lab(lightness: 50.0000, a: -2.4900, b: 0.0010),
      7.1792
    ),
    (
      Lab(lightness: 50.0000, a: 2.4900, b: -0.0010), Lab(lightness: 50.0000, a: -2.4900, b: 0.0011),
      7.2195
    ),
    (
      Lab(lightness: 50.0000, a: 2.4900, b: -0.0010), Lab(lightness: 50.0000, a: -2.4900, b: 0.0012),
      7.2195
    ),
    (
      Lab(lightness: 50.0000, a: -0.0010, b: 2.4900), Lab(lightness: 50.0000, a: 0.0009, b: -2.4900),
      4.8045
    ),
    (
      Lab(lightness: 50.0000, a: -0.0010, b: 2.4900), Lab(lightness: 50.0000, a: 0.0010, b: -2.4900),
      4.8045
    ),
    (
      Lab(lightness: 50.0000, a: -0.0010, b: 2.4900), Lab(lightness: 50.0000, a: 0.0011, b: -2.4900),
      4.7461
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 50.0000, a: 0.0000, b: -2.5000),
      4.3065
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 73.0000, a: 25.0000, b: -18.0000),
      27.1492
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 61.0000, a: -5.0000, b: 29.0000),
      22.8977
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 56.0000, a: -27.0000, b: -3.0000),
      31.9030
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 58.0000, a: 24.0000, b: 15.0000),
      19.4535
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 50.0000, a: 3.1736, b: 0.5854),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 50.0000, a: 3.2972, b: 0.0000),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 50.0000, a: 1.8634, b: 0.5757),
      1.0000
    ),
    (
      Lab(lightness: 50.0000, a: 2.5000, b: 0.0000), Lab(lightness: 50.0000, a: 3.2592, b: 0.3350),
      1.0000
    ),
    (
      Lab(lightness: 60.2574, a: -34.0099, b: 36.2677), Lab(lightness: 60.4626, a: -34.1751, b: 39.4387),
      1.2644
    ),
    (
      Lab(lightness: 63.0109, a: -31.0961, b: -5.8663), Lab(lightness: 62.8187, a: -29.7946, b: -4.0864),
      1.2630
    ),
    (
      Lab(lightness: 61.2901, a: 3.7196, b: -5.3901), Lab(lightness: 61.4292, a: 2.2480, b: -4.9620),
      1.8731
    ),
    (
      Lab(lightness: 35.0831, a: -44.1164, b: 3.7933), Lab(lightness: 35.0232, a: -40.0716, b: 1.5901),
      1.8645
    ),
    (
      Lab(lightness: 22.7233, a: 20.0904, b: -46.6940), Lab(lightness: 23.0331, a: 14.9730, b: -42.5619),
      2.0373
    ),
    (
      Lab(lightness: 36.4612, a: 47.8580, b: 18.3852), Lab(lightness: 36.2715, a: 50.5065, b: 21.2231),
      1.4146
    ),
    (
      Lab(lightness: 90.8027, a: -2.0831, b: 1.4410), Lab(lightness: 91.1528, a: -1.6435, b: 0.0447),
      1.4441
    ),
    (
      Lab(lightness: 90.9257, a: -0.5406, b: -0.9208), Lab(lightness: 88.6381, a: -0.8985, b: -0.7239),
      1.5381
    ),
    (
      Lab(lightness: 6.7747, a: -0.2908, b: -2.4247), Lab(lightness: 5.8714, a: -0.0985, b: -2.2286),
      0.6377
    ),
    (
      Lab(lightness: 2.0776, a: 0.0795, b: -1.1350), Lab(lightness: 0.9033, a: -0.0636, b: -0.5514),
      0.9082
    ),
  ]

  @Test func thePublishedDifferencesComeOut() {
    #expect(Self.pairs.count == 34)
    for (one, other, difference) in Self.pairs {
      // Half of the last decimal, and the rounding of the sum.
      #expect(abs(one.difference(to: other) - difference) < 5.1e-5, "\(one) \(other)")
      #expect(abs(other.difference(to: one) - difference) < 5.1e-5, "\(other) \(one)")
      #expect(one.difference(to: one) == 0)
    }
  }

  /// Made with the Python package colour-science 0.4.7: its curve of sRGB and its `XYZ_to_Lab` under the white of the
  /// matrix of IEC 61966-2-1, to four decimals.
  @Test(arguments: [
    (RGB.black, 0.0, 0.0, 0.0), (.white, 100, 0, 0), (RGB(128, 128, 128), 53.5850, 0, 0),
    (RGB(255, 0, 0), 53.2329, 80.1053, 67.2228), (RGB(0, 255, 0), 87.7370, -86.1884, 83.1861),
    (RGB(0, 0, 255), 32.3026, 79.1936, -107.8537), (RGB(1, 1, 1), 0.2742, 0, 0),
    (RGB(10, 10, 11), 2.7620, 0.1426, -0.3881), (RGB(250, 128, 114), 67.2600, 45.2298, 29.0927),
    (RGB(65, 105, 225), 47.8328, 26.2709, -65.2615), (RGB(139, 69, 19), 37.4669, 26.4438, 40.9881),
    (RGB(255, 222, 173), 90.1001, 4.5081, 28.2725), (RGB(47, 79, 79), 31.2561, -11.7194, -3.7228),
    (RGB(200, 16, 46), 42.5321, 65.9029, 35.7151),
  ])
  func samplesHaveTheirLab(color: RGB, lightness: Double, a: Double, b: Double) {
    let lab = Lab(color)
    // Half of the last decimal, twice: the package's constants are rounded elsewhere.
    #expect(abs(lab.lightness - lightness) < 1e-4 && abs(lab.a - a) < 1e-4 && abs(lab.b - b) < 1e-4, "\(lab)")
  }

  @Test func everySampleComesBack() {
    for red in stride(from: 0, through: 255, by: 15) {
      for green in stride(from: 0, through: 255, by: 15) {
        for blue in 0...255 {
          let color = RGB(UInt8(red), UInt8(green), UInt8(blue))
          #expect(RGB(Lab(color)) == color)
        }
      }
    }
  }

  @Test func whatCannotBeShownIsCut() {
    #expect(RGB(Lab(lightness: 300, a: 0, b: 0)) == .white)
    #expect(RGB(Lab(lightness: -300, a: 0, b: 0)) == .black)
    #expect(RGB(Lab(lightness: .nan, a: .infinity, b: 0)) == .black)
  }

  @Test func hexadecimalColorsAreSixDigits() throws {
    #expect(RGB(hex: "#0A141e") == RGB(10, 20, 30) && RGB(hex: "0a141E") == RGB(10, 20, 30))
    for text in ["", "#", "12345", "1234567", "+12345", "-12345", "12345g", "##12345", "１２３４５６"] {
      #expect(RGB(hex: text) == nil, "\(text)")
    }
    #expect(RGB(0, 1, 255).description == "#0001FF")
  }
}
