// SPDX-License-Identifier: Apache-2.0

/// A drawing of a cut, as it is aligned with the others.
package struct DrawingEdges: Sendable {
  private let target: AlignmentTarget
  /// The drawing's edges as the looks of a search see them.
  let coarse: EdgePlanes
  let middle: EdgePlanes
  let fine: EdgePlanes

  /// - Parameters:
  ///   - drawing: without guide strokes.
  ///   - polarity: whether its lines are dark or light.
  package init(_ drawing: Image, polarity: SketchPolarity) throws {
    let mask = LineMask(InkMap(drawing, polarity: polarity))
    let lines = LineDensity(mask)
    coarse = lines.edges(side: AlignmentSearch.coarse.side, blur: AlignmentSearch.coarse.blur)
    middle = lines.edges(side: AlignmentSearch.middle.side, blur: AlignmentSearch.middle.blur)
    fine = lines.edges(side: AlignmentSearch.fine.side, blur: AlignmentSearch.fine.blur)
    // Lines alone, whatever the paper looks like, and no larger than the search looks at them.
    let picture = Image(
      checkedWidth: mask.width, height: mask.height, channels: 1, pixels: mask.values.map { $0 == 1 ? 0 : 255 })
    let frame = LineDensity.frame(
      side: min(Self.side, max(mask.width, mask.height)), width: mask.width, height: mask.height)
    target = AlignmentTarget(try picture.resized(width: frame.width, height: frame.height))
  }

  private static let side = 256

  /// How this drawing lies in another one of the cut. Two views of one thing agree by 0.6 and more.
  package func alignment(in other: DrawingEdges) throws -> Alignment {
    try AlignmentSearch.near(self, other.target)
  }
}
