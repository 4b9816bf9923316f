// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import LayeredPictures
import Testing

/// A finished picture as layers: what is visible is the picture.
struct FinishedPictureTests {
  private static let side = 96

  /// Two boxes, in pixels of a line and of paper.
  private func drawing(_ line: [UInt8], on paper: [UInt8]) throws -> Image {
    let pixels = (0..<Self.side * Self.side).flatMap { pixel -> [UInt8] in
      let (x, y) = (pixel % Self.side, pixel / Self.side)
      let isLine =
        (10..<86).contains(x) && (10..<86).contains(y)
        && (y < 13 || y >= 83 || x < 13 || x >= 83 || (47..<50).contains(x))
      return isLine ? line : paper
    }
    return try Image(width: Self.side, height: Self.side, channels: line.count, pixels: pixels)
  }

  static let drawings: [(line: [UInt8], paper: [UInt8])] = [
    ([0], [255]), ([110], [235]), ([255], [0]), ([180, 40, 60], [255, 255, 255]), ([90, 200, 240], [20, 20, 30]),
    ([255, 255, 255, 255], [0, 0, 0, 0]), ([0, 0, 0, 110], [0, 0, 0, 0]), ([240, 150, 170, 200], [0, 0, 0, 0]),
  ]

  @Test(arguments: drawings.indices) func whatIsVisibleIsThePicture(index: Int) throws {
    let drawing = try drawing(Self.drawings[index].line, on: Self.drawings[index].paper)
    let painting = try Image(
      width: Self.side, height: Self.side, channels: 3,
      pixels: (0..<Self.side * Self.side).flatMap { $0 % Self.side < 48 ? [40, 30, 90] : [210, 160, 70] as [UInt8] })
    let polarity = drawing.detectedPolarity
    for fill in FillStyle.allCases {
      for lines in LineSource.allCases {
        var settings = ColorizeSettings()
        (settings.fill, settings.lines, settings.makesFlats) = (fill, lines, true)
        let finisher = try Finisher(
          settings, sketch: drawing, polarity: polarity, palette: nil, workingSize: painting.size)
        let picture = try finisher.finish(painting)
        let layered = try LayeredPicture(picture, settings: settings, polarity: polarity)
        let merged = try layered.merged()
        let largest = zip(merged.composited().pixels, picture.image.composited().pixels)
          .map { abs(Int($0) - Int($1)) }.max()
        #expect(largest ?? 255 <= 1, "\(fill), \(lines)")
        // What the picture has not is there.
        let painted = fill == .flats && lines == .network ? ["Painted lines"] : []
        #expect(layered.layers.map(\.name) == ["Background", "Flats", "Painting"] + painted + ["Lines"])
        #expect(layered.layers.last?.isVisible == (lines == .own))
      }
    }
  }
}
