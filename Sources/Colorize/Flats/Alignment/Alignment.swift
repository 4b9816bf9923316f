// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a drawing lies in a reference that shows its subject in a similar view: moved, turned, scaled, mirrored.
///
/// In an animator's work the reference often is such a view: the cut's key, an earlier frame, the drawing on the character
/// sheet. What lies at the same place then has the same colour, which a small network only guesses.
///
/// ```swift
/// let alignment = try sketch.alignment(with: reference)
/// if alignment.confidence > 0 { print(alignment.scale, alignment.angle, alignment.isMirrored) }
/// ```
public struct Alignment: Sendable, Hashable, Codable {
  /// From places in the drawing to places in the reference.
  public let map: AffineMap
  /// How well the edges agree where both pictures show something: the cosine between their strengths by place and
  /// direction, less what chance gives the sooner, the less of both is compared; at most 1.
  ///
  /// Measured on 94 pairs with known truth: two views of one thing reach 0.5 to 0.9, if parts have moved on their own 0.35 to
  /// 0.8; of 70 pairs of different things 68 have at most 0.41, the others 0.51 and 0.61.
  public let score: Double

  /// Below the first score two pictures show different things or views; from the second on it is the same view.
  static let unsure = (least: 0.44, most: 0.56)

  public init(map: AffineMap, score: Double) {
    self.map = map
    self.score = score
  }

  /// How far the alignment can be trusted: 0 for not at all, 1 for a view of the same.
  public var confidence: Double {
    Self.rise(score, Self.unsure)
  }

  /// 0 up to the first score, 1 from the second on, smooth between.
  static func rise(_ score: Double, _ unsure: (least: Double, most: Double)) -> Double {
    let part = min(max((score - unsure.least) / (unsure.most - unsure.least), 0), 1)
    return part * part * (3 - 2 * part)
  }

  /// Whether one shows the other mirrored.
  public var isMirrored: Bool { map.determinant < 0 }

  /// How much larger the reference shows the subject, each relative to the picture's longer side.
  public var scale: Double { map.scale }

  /// How far the reference shows the subject turned, clockwise in degrees, -180...180. Of a mirrored one, before
  /// mirroring.
  public var angle: Double {
    let side = isMirrored ? -1.0 : 1.0
    return atan2(map.right.y - side * map.down.x, side * map.right.x + map.down.y) * 180 / .pi
  }
}

extension Image {
  /// How this drawing lies in a reference.
  ///
  /// Looks for one alignment of the whole drawing; parts that have moved on their own keep their places within it.
  ///
  /// - Parameters:
  ///   - reference: Transparency counts as white.
  ///   - polarity: whether the drawing's lines are dark or light; automatic decides by ``detectedPolarity``.
  /// - Throws: ``ImageError``, or `CancellationError`.
  public func alignment(with reference: Image, polarity: SketchPolarity = .automatic) throws -> Alignment {
    try Alignment(LineMask(InkMap(self, polarity: polarity)), AlignmentTarget(reference))
  }
}

extension Alignment {
  /// The best alignment of lines with a reference; its score is 0 where there are no lines.
  init(_ lines: LineMask, _ reference: AlignmentTarget) throws {
    self = try AlignmentSearch(LineDensity(lines), reference).best()
  }
}

extension Alignment: CustomStringConvertible {
  /// What a person wants to know of it.
  public var description: String {
    func rounded(_ value: Double, _ digits: Double) -> String { "\((value * digits).rounded() / digits)" }
    let agreement = "edges agree by \(rounded(score, 100))"
    guard confidence > 0 else { return "another view than the drawing's (\(agreement))" }
    let side = isMirrored ? ", mirrored" : ""
    return
      "the drawing's view, \(rounded(scale, 100)) times as large, turned by \(rounded(angle, 1)) degrees\(side) (\(agreement))"
  }
}
