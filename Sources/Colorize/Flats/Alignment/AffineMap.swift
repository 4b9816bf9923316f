// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An affine map from places in one picture to places in another: `matrix * place + offset`.
///
/// Places are measured from the middle of a picture, x to the right and y downwards, in units of its longer side, so that
/// they do not depend on how many pixels it has.
public struct AffineMap: Sendable, Hashable, Codable {
  /// The matrix by columns: where a step to the right leads, and where a step downwards.
  public var right: SIMD2<Double>
  public var down: SIMD2<Double>
  /// Where the middle lies.
  public var offset: SIMD2<Double>

  public init(right: SIMD2<Double>, down: SIMD2<Double>, offset: SIMD2<Double> = .zero) {
    self.right = right
    self.down = down
    self.offset = offset
  }

  /// Turned clockwise by an angle in radians, then scaled, and mirrored left to right at last where that is asked for.
  init(angle: Double, scale: Double, isMirrored: Bool) {
    let (cosine, sine) = (cos(angle) * scale, sin(angle) * scale)
    let side = isMirrored ? -1.0 : 1.0
    self.init(right: SIMD2(side * cosine, sine), down: SIMD2(side * -sine, cosine))
  }

  static let identity = AffineMap(right: SIMD2(1, 0), down: SIMD2(0, 1))

  /// Where a place leads.
  @inline(__always)
  public func callAsFunction(_ place: SIMD2<Double>) -> SIMD2<Double> {
    place.x * right + place.y * down + offset
  }

  /// Where a point of one picture leads in another, both in pixels of pictures of these sizes.
  package func callAsFunction(pixel: SIMD2<Double>, of size: SIMD2<Double>, in other: SIMD2<Double>) -> SIMD2<Double> {
    self((pixel - size / 2) / size.max()) * other.max() + other / 2
  }

  /// The area that a unit of area becomes; negative for a map that mirrors.
  public var determinant: Double { right.x * down.y - right.y * down.x }

  /// How many times as long lengths become; the mean of all directions.
  var scale: Double { abs(determinant).squareRoot() }

  /// The map back; nil for one that leads everything to a line or a point.
  package var inverse: AffineMap? {
    let determinant = determinant
    guard abs(determinant) > 1e-12 else { return nil }
    var map = AffineMap(
      right: SIMD2(down.y, -right.y) / determinant, down: SIMD2(-down.x, right.x) / determinant)
    map.offset = -map(offset)
    return map
  }

  /// The map after another one that moves places around the middle: `self(other(place))`.
  func after(_ other: AffineMap) -> AffineMap {
    func turned(_ step: SIMD2<Double>) -> SIMD2<Double> { step.x * right + step.y * down }
    return AffineMap(right: turned(other.right), down: turned(other.down), offset: self(other.offset))
  }

  /// The map after a turn, clockwise in radians, about a place that leads where it led.
  func turned(by angle: Double, about center: SIMD2<Double>) -> AffineMap {
    let turned = after(AffineMap(right: SIMD2(cos(angle), sin(angle)), down: SIMD2(-sin(angle), cos(angle))))
    return AffineMap(right: turned.right, down: turned.down, offset: turned.offset + self(center) - turned(center))
  }

  /// The map after a step: `self(place + step)`.
  func shifted(by step: SIMD2<Double>) -> AffineMap { AffineMap(right: right, down: down, offset: self(step)) }

  /// How far two maps lead apart, on average over the corners of a square of 0.8.
  func distance(to other: AffineMap) -> Double {
    [SIMD2(-0.4, -0.4), SIMD2(0.4, -0.4), SIMD2(0.4, 0.4), SIMD2(-0.4, 0.4)].reduce(0) { sum, corner in
      let step = self(corner) - other(corner)
      return sum + (abs(step.x) + abs(step.y)) / 8
    }
  }
}
