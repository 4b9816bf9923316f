// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// Flat tones that are drawn, on digital paper, and light that is not.
@Suite struct DrawnTonesTests {
  private static let side = 512

  /// Frames, four pixels wide.
  private static func isLine(_ x: Int, _ y: Int) -> Bool {
    let (u, v) = (abs(x - 256), abs(y - 250))
    return max(u, v) < 170 && max(u, v) % 50 < 4
  }

  /// Black lines on what has `tone`, of 0...255, at each pixel.
  ///
  /// - Parameter grain: in levels, to both sides.
  private func drawing(grain: Int = 0, _ tone: (_ x: Int, _ y: Int) -> [Double]) throws -> Image {
    var random = SplitMix64(state: 5)
    var samples: [UInt8] = []
    for index in 0..<Self.side * Self.side {
      let (x, y) = (index % Self.side, index / Self.side)
      let noise = grain > 0 ? Double(Int.random(in: -grain...grain, using: &random)) : 0
      let light = tone(x, y)
      samples += light.map { UInt8(min(max((Self.isLine(x, y) ? 0 : $0) + noise, 0), 255).rounded()) }
    }
    return try Image(
      width: Self.side, height: Self.side, channels: samples.count / (Self.side * Self.side), pixels: samples)
  }

  private func prepared(_ image: Image) throws -> PreparedSketch { try image.prepared(width: 256, height: 256) }

  /// The picture is the drawing, scaled and nothing else.
  private func expectUntouched(_ image: Image, _ location: SourceLocation = #_sourceLocation) throws {
    let made = try prepared(image)
    #expect(made.report.kind == .lines && made.report.steps.isEmpty, "\(made.report)", sourceLocation: location)
    #expect(made.report.paper == .white, sourceLocation: location)
    #expect(made.image == (try image.resized(width: 256, height: 256).grey), sourceLocation: location)
  }

  @Test func areasOfOneToneStay() throws {
    // Half of a figure in shadow, a grey figure, two greys.
    try expectUntouched(drawing { x, y in [x > 200 && y > 60 && y < 480 ? 178 : 255] })
    try expectUntouched(drawing { x, y in [max(abs(x - 256), abs(y - 256)) < 200 ? 200 : 255] })
    try expectUntouched(drawing { x, y in [max(abs(x - 256), abs(y - 256)) < 200 ? (x > 300 ? 150 : 210) : 255] })
  }

  /// A wash with a soft edge, in the middle and along the border.
  @Test func tonesWithSoftEdgesStay() throws {
    func soft(_ depth: Double) -> Double { min(max(depth / 16 + 0.5, 0), 1) }
    try expectUntouched(
      drawing { x, y in
        let (u, v) = (Double(x - 280), Double(y - 280))
        return [(255 - 90 * soft(110 - (u * u + v * v).squareRoot()) - 60 * soft(Double(y - 420))).rounded()]
      })
  }

  /// Light on paper that is white in the middle, as a scanner's contrast makes it.
  @Test func shadowsOfWhitePaperAreTakenOut() throws {
    let made = try prepared(drawing { x, _ in [min(100 + Double(x) * 1.5, 255)] })
    #expect(made.report.steps.contains(.levelledPaper), "\(made.report)")
    #expect((0..<256).allSatisfy { made.image.pixels[16 * 256 + $0] > 200 || Self.isLine(2 * $0, 32) })
  }

  private static func isPanel(_ x: Int, _ y: Int) -> Bool { (50..<460).contains(x) && (70..<430).contains(y) }
  /// Drawn over the ground beside the panel.
  private static func isOutside(_ x: Int, _ y: Int) -> Bool { (20..<490).contains(x) && abs(y - 480 - x / 40) < 2 }

  /// Behind a panel there may be a ground of one colour: with lines on it, it is drawn, and no desk.
  @Test(arguments: [[120.0], [30, 30, 70]])
  func groundsBehindAPanelStay(ground: [Double]) throws {
    let white = ground.map { _ in 255.0 }
    let black = ground.map { _ in 0.0 }
    let drawn = try drawing { x, y in Self.isOutside(x, y) ? black : Self.isPanel(x, y) ? white : ground }
    let made = try prepared(drawn)
    #expect(made.report.kind == .lines && made.report.steps.isEmpty, "\(made.report)")
    #expect(made.image == (try drawn.resized(width: 256, height: 256).grey))
    // A desk has grain.
    let desk = try drawing(grain: 6) { x, y in
      Self.isOutside(x, y) ? black : Self.isPanel(x, y) ? white.map { $0 - 10 } : ground
    }
    #expect(try prepared(desk).report.steps.contains(.leftOutSurroundings))
  }
}
