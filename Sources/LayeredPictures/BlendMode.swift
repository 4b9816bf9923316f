// SPDX-License-Identifier: Apache-2.0

/// How a layer's colours meet those below.
///
/// The modes are those that OpenRaster and Photoshop define alike, so that a picture looks the same in both files. With
/// the colour `b` below and `s` of the layer, in 0...1 and for each of red, green and blue, the formulas are those of
/// W3C Compositing and Blending Level 1.
public enum BlendMode: String, Sendable, Hashable, CaseIterable, Codable {
  /// `s`
  case normal
  /// `b s`: ink on paint, shadows.
  case multiply
  /// `b + s - b s`: light.
  case screen
  /// Multiply where what lies below is dark, screen where it is light.
  case overlay
  /// The darker of both.
  case darken
  /// The lighter of both.
  case lighten
  /// `b / (1 - s)`, at most 1.
  case colorDodge
  /// `1 - (1 - b) / s`, at least 0.
  case colorBurn
  /// Multiply where the layer is dark, screen where it is light.
  case hardLight
  /// `|b - s|`
  case difference

  /// OpenRaster's `composite-op`.
  var openRasterName: String {
    switch self {
    case .normal: "svg:src-over"
    case .multiply: "svg:multiply"
    case .screen: "svg:screen"
    case .overlay: "svg:overlay"
    case .darken: "svg:darken"
    case .lighten: "svg:lighten"
    case .colorDodge: "svg:color-dodge"
    case .colorBurn: "svg:color-burn"
    case .hardLight: "svg:hard-light"
    case .difference: "svg:difference"
    }
  }

  /// Photoshop's key of four letters.
  var photoshopKey: String {
    switch self {
    case .normal: "norm"
    case .multiply: "mul "
    case .screen: "scrn"
    case .overlay: "over"
    case .darken: "dark"
    case .lighten: "lite"
    case .colorDodge: "div "
    case .colorBurn: "idiv"
    case .hardLight: "hLit"
    case .difference: "diff"
    }
  }

  /// The formula, for three colours at once.
  func blend(_ below: SIMD4<Float>, _ above: SIMD4<Float>) -> SIMD4<Float> {
    switch self {
    case .normal: above
    case .multiply: below * above
    case .screen: below + above - below * above
    case .overlay: Self.hardLight(above, below)
    case .darken: pointwiseMin(below, above)
    case .lighten: pointwiseMax(below, above)
    case .colorDodge: Self.dodge(below, above)
    case .colorBurn: 1 - Self.dodge(1 - below, 1 - above)
    case .hardLight: Self.hardLight(below, above)
    case .difference: pointwiseMax(below, above) - pointwiseMin(below, above)
    }
  }

  private static func hardLight(_ below: SIMD4<Float>, _ above: SIMD4<Float>) -> SIMD4<Float> {
    let dark = 2 * below * above
    let light = 1 - 2 * (1 - below) * (1 - above)
    return light.replacing(with: dark, where: above .<= 0.5)
  }

  // Black stays black even under white, where the quotient is 0 / 0.
  private static func dodge(_ below: SIMD4<Float>, _ above: SIMD4<Float>) -> SIMD4<Float> {
    let rest = 1 - above
    let full = SIMD4<Float>(repeating: 1).replacing(with: 0, where: below .<= 0)
    let quotient = pointwiseMin(
      below / pointwiseMax(rest, .init(repeating: .leastNormalMagnitude)), .init(repeating: 1))
    return quotient.replacing(with: full, where: rest .<= 0)
  }
}
