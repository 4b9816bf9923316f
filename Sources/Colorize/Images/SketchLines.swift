// SPDX-License-Identifier: Apache-2.0

/// A drawing as the sketch encoder takes it: one channel, line = +1, paper = -1.
public struct SketchLines: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major, each in -1...1.
  public let values: [Float]
  /// The polarity that was given or found: never ``SketchPolarity/automatic``.
  public let polarity: SketchPolarity
}

extension Image {
  /// The lines of a drawing, whichever way round it was drawn.
  ///
  /// Transparency is composed over the paper: white under dark lines, black under light ones. Of the Rec. 601 luma
  /// `v` in 0...255, dark lines become `1 - 2 v / 255` and light lines `2 v / 255 - 1`.
  ///
  /// - Parameter polarity: What the drawing is; automatic decides by ``detectedPolarity``.
  public func sketchLines(polarity: SketchPolarity = .automatic) -> SketchLines {
    let found = polarity == .automatic ? detectedPolarity : polarity
    let paper: UInt8 = found == .lightOnDark ? 0 : 255
    let luma = (channels == 4 ? composited(over: (paper, paper, paper)) : self).grey
    let signed = luma.floats(.signed)
    return SketchLines(
      width: width, height: height, values: found == .lightOnDark ? signed : signed.map { -$0 }, polarity: found)
  }
}
