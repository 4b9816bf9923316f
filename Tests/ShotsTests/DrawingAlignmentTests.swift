// SPDX-License-Identifier: Apache-2.0

import Colorize
import Shots
import Testing

/// Drawings of a cut that are aligned with one another.
struct DrawingAlignmentTests {
  /// A drawing as a camera sees it that has come nearer, turned and moved.
  private func moved(_ drawing: Image, by map: AffineMap) throws -> Image {
    let (width, height) = (drawing.width, drawing.height)
    let size = SIMD2(Double(width), Double(height))
    let gray = drawing.composited()
    var pixels = [UInt8](repeating: 255, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let place = map((SIMD2(Double(x) + 0.5, Double(y) + 0.5) - size / 2) / size.max()) * size.max() + size / 2
        guard place.x >= 0, place.y >= 0, place.x < size.x, place.y < size.y else { continue }
        pixels[y * width + x] = gray.pixels[(Int(place.y) * width + Int(place.x)) * 3]
      }
    }
    return try Image(width: width, height: height, channels: 1, pixels: pixels)
  }

  @Test func aCameraThatMovesIsFollowed() throws {
    let drawing = try ProceduralShot(count: 4, size: 192, seed: 1).frame(1).sketch
    let map = AffineMap(right: SIMD2(0.82, 0.08), down: SIMD2(-0.08, 0.82), offset: SIMD2(0.06, -0.04))
    let other = try moved(drawing, by: map)
    let edges = try (DrawingEdges(other, polarity: .automatic), DrawingEdges(drawing, polarity: .automatic))
    let found = try edges.0.alignment(in: edges.1)
    #expect(found.score > 0.75, "\(found)")
    // At 96 pixels the search's last steps are an eighth of a pixel of turn, scale and place.
    for corner in [SIMD2(-0.4, -0.4), SIMD2(0.4, -0.4), SIMD2(0.4, 0.4), SIMD2(-0.4, 0.4)] {
      let step = found.map(corner) - map(corner)
      #expect((step * step).sum().squareRoot() < 1.0 / 96, "\(corner): \(step)")
    }
    let inverse = try #require(map.inverse)
    let back = inverse(map(SIMD2(0.3, -0.2))) - SIMD2(0.3, -0.2)
    #expect((back * back).sum() < 1e-24)
    // Regions are found again where they have gone.
    let maps = try (RegionMap(lineArt: other), RegionMap(lineArt: drawing))
    var matcher = RegionMatcher(RegionShapes(maps.0), RegionShapes(maps.1), map: found.map)
    let links = matcher.links()
    let right = links.count { link in
      let middle = maps.0.regions[link.first].center
      let size = SIMD2(192.0, 192)
      let place = map((SIMD2(Double(middle.x) + 0.5, Double(middle.y) + 0.5) - size / 2) / 192) * 192 + size / 2
      return maps.1.region(x: Int(place.x), y: Int(place.y))?.id == link.second
    }
    #expect(right * 10 > links.count * 8 && links.count > 12, "\(right) of \(links.count)")
  }

  @Test func anotherDrawingIsNotTakenForAView() throws {
    let drawing = try DrawingEdges(ProceduralShot(count: 4, size: 192, seed: 1).frame(1).sketch, polarity: .automatic)
    let stripes = try DrawingEdges(
      Image(width: 160, height: 120, channels: 1, pixels: (0..<160 * 120).map { $0 % 160 % 20 < 2 ? 0 : 255 }),
      polarity: .automatic)
    let blank = try DrawingEdges(Image(width: 40, height: 30, color: [255]), polarity: .automatic)
    #expect(try drawing.alignment(in: stripes).score < 0.55)
    #expect(try drawing.alignment(in: blank).score == 0)
    #expect(try blank.alignment(in: drawing).score == 0)
    #expect(try drawing.alignment(in: drawing).score > 0.85)
  }
}
