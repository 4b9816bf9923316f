// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// References that colours cannot come from, and the notes on them.
@Suite struct ReferenceLookTests {
  private func picture(_ side: Int = 256, _ color: (_ x: Int, _ y: Int) -> [Int]) throws -> Image {
    let pixels = (0..<side * side).flatMap { color($0 % side, $0 / side) }
    return try Image(
      width: side, height: side, channels: pixels.count / (side * side),
      pixels: pixels.map { UInt8(min(max($0, 0), 255)) })
  }

  private static func isLine(_ x: Int, _ y: Int) -> Bool {
    let (u, v) = (abs(x - 128), abs(y - 128))
    return max(u, v) < 110 && (max(u, v) % 40 < 2 || (u + v) % 60 < 2)
  }

  private func lineArt() throws -> Image { try picture { x, y in [Self.isLine(x, y) ? 0 : 255] } }

  private func cel() throws -> Image {
    try picture { x, y in
      if Self.isLine(x, y) { return [0, 0, 0] }
      return max(abs(x - 128), abs(y - 128)) < 80 ? [220, 90, 60] : [120, 190, 230]
    }
  }

  @Test func lineDrawings() throws {
    #expect(ReferenceLook(try lineArt()) == .lineArt)
    #expect(ReferenceLook(try picture { x, y in [Self.isLine(x, y) ? 60 : 200] }) == .lineArt)
    // Blue pencil, light lines on a dark board, and lines on nothing.
    #expect(
      ReferenceLook(try picture { x, y in Self.isLine(x, y) ? [90, 120, 220] : [250, 250, 250] }) == .lineArt)
    #expect(ReferenceLook(try picture { x, y in [Self.isLine(x, y) ? 240 : 20] }) == .lineArt)
    #expect(ReferenceLook(try picture { x, y in [0, 0, 0, Self.isLine(x, y) ? 255 : 0] }) == .lineArt)
  }

  @Test func emptySheets() throws {
    for color in [[255, 255, 255], [0, 0, 0], [240, 230, 210], [255, 255, 255, 0]] {
      #expect(ReferenceLook(try picture { _, _ in color }) == .blank)
    }
    var random = SplitMix64(state: 5)
    #expect(ReferenceLook(try picture { _, _ in [Int.random(in: 232...246, using: &random)] }) == .blank)
  }

  @Test func picturesWithColors() throws {
    #expect(ReferenceLook(try cel()) == .colored)
    // A small figure on white, one coloured area, a gradient.
    #expect(
      ReferenceLook(
        try picture { x, y in max(abs(x - 128), abs(y - 128)) < 24 ? [200, 60, 60] : [255, 255, 255] }) == .colored)
    #expect(ReferenceLook(try picture { x, y in [x, y, 128] }) == .colored)
    #expect(ReferenceLook(try Sample.reference()) == .colored)
    // One small coloured thing among greys.
    #expect(
      ReferenceLook(
        try picture { x, y in
          let distance = max(abs(x - 128), abs(y - 128))
          return Self.isLine(x, y)
            ? [0, 0, 0] : distance < 9 ? [220, 40, 40] : distance < 60 ? [150, 150, 150] : [255, 255, 255]
        }) == .colored)
  }

  @Test func greysAndPicturesOfNothing() throws {
    #expect(
      ReferenceLook(
        try picture { x, y in Self.isLine(x, y) ? [0] : [max(abs(x - 128), abs(y - 128)) < 60 ? 150 : 255] }) == .grey)
    let grey = try cel().grey
    #expect(ReferenceLook(grey) == .grey && ReferenceLook(grey.composited()) == .grey)
    #expect(ReferenceLook(try cel().resized(width: 8, height: 8)) == .tiny)
    #expect(ReferenceLook(try cel().resized(width: 24, height: 24)) == .colored)
  }

  @Test func notesAreTold() async throws {
    let colorizer = try await Colorizer()
    func notes(_ sketch: Image, _ reference: Image) async throws -> [ColorizeNote] {
      var request = colorizer.request(sketch: sketch, reference: .image(reference))
      request.size = 128
      return try await colorizer.colorize(request).summary.notes ?? []
    }
    let (drawing, cel) = (try lineArt(), try cel())
    let empty = try picture { _, _ in [255] }
    #expect(try await notes(drawing, cel) == [])
    #expect(try await notes(drawing, drawing) == [.lineArtReference])
    #expect(try await notes(drawing, empty) == [.blankReference])
    #expect(try await notes(drawing, cel.grey) == [.greyReference])
    #expect(try await notes(drawing, cel.resized(width: 8, height: 8)) == [.tinyReference])
    #expect(try await notes(cel, drawing) == [.swappedPictures])
    let encoded = try await colorizer.encode(drawing)
    let request = colorizer.request(sketch: drawing, reference: .encoded(encoded))
    #expect(try await colorizer.colorize(request).summary.notes == [.lineArtReference])
  }
}
