// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing

/// Finding how a drawing lies in a reference, and taking colours from there.
struct AlignmentTests {
  // MARK: The map

  @Test func mapsLeadWhereTheirPartsSay() {
    let map = AffineMap(right: SIMD2(0, 2), down: SIMD2(-1, 0), offset: SIMD2(0.5, 0.25))
    #expect(map(.zero) == SIMD2(0.5, 0.25))
    #expect(map(SIMD2(1, 0)) == SIMD2(0.5, 2.25))
    #expect(map(SIMD2(0, 1)) == SIMD2(-0.5, 0.25))
    #expect(map.determinant == 2)
    #expect(AffineMap(right: SIMD2(-1, 0), down: SIMD2(0, 1)).determinant == -1)
  }

  @Test(arguments: [(-20.0, 0.8, false), (0, 1, false), (15, 1.3, true), (-8, 0.6, true)])
  func angleScaleAndSideAreThoseOfTheMap(angle: Double, scale: Double, isMirrored: Bool) {
    let alignment = Alignment(map: Scene.map(angle: angle, scale: scale, isMirrored: isMirrored), score: 1)
    #expect(abs(alignment.angle - angle) < 1e-9)
    #expect(abs(alignment.scale - scale) < 1e-9)
    #expect(alignment.isMirrored == isMirrored)
  }

  @Test func confidenceRisesFromNothingToAll() {
    let map = Scene.map(angle: 0, scale: 1, isMirrored: false)
    let confidences = stride(from: 0, through: 1, by: 0.01).map { Alignment(map: map, score: $0).confidence }
    #expect(confidences == confidences.sorted())
    #expect(confidences[43] == 0 && confidences[50] > 0 && confidences[57] == 1)
  }

  // MARK: The search

  @Test(arguments: [
    (0.0, 1.0, false, SIMD2(0.0, 0.0)), (12, 0.85, false, SIMD2(0.06, -0.04)), (-10, 1.2, true, SIMD2(-0.05, 0.03)),
    (20, 0.55, true, SIMD2(0.12, 0.1)),
  ])
  func viewsOfOneFigureAreAligned(angle: Double, scale: Double, isMirrored: Bool, offset: SIMD2<Double>) throws {
    var map = Scene.map(angle: angle, scale: scale, isMirrored: isMirrored)
    map.offset = offset
    let found = try Scene.sketch(width: 300, height: 300).alignment(with: Scene.view(map, width: 320, height: 320))
    #expect(found.confidence > 0.5, "\(found)")
    #expect(found.isMirrored == isMirrored)
    // Edges are compared at 96 pixels, in steps of a quarter of one.
    for corner in [SIMD2(-0.3, -0.3), SIMD2(0.3, -0.2), SIMD2(0.1, 0.35)] {
      let step = found.map(corner) - map(corner)
      #expect((step * step).sum().squareRoot() < 0.03, "\(found.map) \(map)")
    }
  }

  /// What one picture does not show of the other says nothing: a head for a whole figure, and a figure for its head.
  @Test(arguments: [(2.3, SIMD2(-0.1, 0.45)), (0.42, SIMD2(0.2, -0.1)), (1.8, SIMD2(0.2, -0.35))])
  func oneMayShowAPartOfTheOther(scale: Double, offset: SIMD2<Double>) throws {
    var map = Scene.map(angle: 6, scale: scale, isMirrored: false)
    map.offset = offset
    let found = try Scene.sketch(width: 300, height: 300).alignment(with: Scene.view(map, width: 320, height: 320))
    #expect(found.confidence > 0.5, "\(found)")
    // Places that both show.
    let places = [SIMD2(0.05, -0.18), SIMD2(0.1, -0.2), SIMD2(-0.03, 0.1)].filter {
      max(map($0).max(), -map($0).min()) < 0.45
    }
    #expect(!places.isEmpty)
    for place in places {
      let step = (found.map(place) - map(place)) / max(1, scale)
      #expect((step * step).sum().squareRoot() < 0.03, "\(place): \(found.map) \(map)")
    }
  }

  @Test func aspectsNeedNotBeTheSame() throws {
    var map = Scene.map(angle: 5, scale: 0.8, isMirrored: false)
    map.offset = SIMD2(0.1, 0.02)
    let found = try Scene.sketch(width: 300, height: 240).alignment(with: Scene.view(map, width: 320, height: 200))
    #expect(found.confidence > 0.5, "\(found)")
    let step = found.map(.zero) - map(.zero)
    #expect((step * step).sum().squareRoot() < 0.03)
  }

  @Test func otherThingsAreNotAligned() throws {
    let sketch = try Scene.sketch(width: 256, height: 256)
    // Stripes, and one colour all over.
    let stripes = try Image(
      width: 256, height: 256, channels: 3,
      pixels: (0..<256 * 256).flatMap { pixel -> [UInt8] in pixel / 256 / 12 % 2 == 0 ? [200, 40, 40] : [40, 90, 200] })
    #expect(try sketch.alignment(with: stripes).confidence == 0)
    let plain = try Image(width: 40, height: 30, channels: 1, pixels: [UInt8](repeating: 120, count: 1200))
    #expect(try sketch.alignment(with: plain).score == 0)
  }

  @Test(arguments: [(1, 1), (3, 200), (200, 3), (64, 64)])
  func nothingIsFoundWithoutLines(width: Int, height: Int) throws {
    let blank = try Image(
      width: width, height: height, channels: 1, pixels: [UInt8](repeating: 255, count: width * height))
    let view = try Scene.view(Scene.map(angle: 0, scale: 1, isMirrored: false), width: 64, height: 64)
    #expect(try blank.alignment(with: view).confidence == 0)
    #expect(try view.alignment(with: blank).score == 0)
  }

  @Test func itIsTheSameEveryTime() throws {
    let map = Scene.map(angle: 9, scale: 0.9, isMirrored: true)
    let (sketch, view) = try (Scene.sketch(width: 200, height: 200), Scene.view(map, width: 200, height: 200))
    #expect(try sketch.alignment(with: view) == sketch.alignment(with: view))
  }

  // MARK: Flats

  /// A painting that says nothing: one colour, which the reference does not even have.
  private func flats(
    _ view: Image, sketch: Image, change: (inout ColorizeRequest) -> Void = { _ in }
  ) throws -> (flats: Flats, alignment: Alignment?) {
    var request = ColorizeRequest(sketch: sketch, reference: .image(view))
    (request.fill, request.lines) = (.flats, .none)
    change(&request)
    let colors = try #require(try request.flatColors())
    let finisher = try Finisher(
      request.settings, sketch: sketch, polarity: .darkOnLight, palette: colors.palette, sides: colors.sides,
      source: request.carriedSource, workingSize: ImageSize(width: 64, height: 64))
    let grey = try Image(width: 64, height: 64, channels: 3, pixels: [UInt8](repeating: 128, count: 64 * 64 * 3))
    return (try #require(try finisher.finish(grey).flats), finisher.alignment)
  }

  @Test func colorsAreCarriedToTheirPlaces() throws {
    var map = Scene.map(angle: -12, scale: 0.8, isMirrored: true)
    map.offset = SIMD2(0.03, 0.05)
    let (sketch, view) = try (Scene.sketch(width: 300, height: 300), Scene.view(map, width: 320, height: 320))
    let carried = try flats(view, sketch: sketch)
    #expect(carried.alignment?.confidence ?? 0 > 0.5)
    expectColors(carried.flats)
    // Without, a painting of one colour gives one.
    let alone = try flats(view, sketch: sketch) { $0.flats.alignment = .none }
    #expect(alone.alignment == nil && alone.flats.colors.count == 1)
    // Colours that are to be the painting's are.
    var painting = ColorizeRequest(sketch: sketch, reference: .image(view))
    painting.flats.colors = .painting
    #expect(painting.carriedSource == nil)
  }

  /// A tail that has moved on its own is found where it is now; at its old place in the reference there is sky.
  @Test(arguments: [SIMD2(0.0, -0.12), SIMD2(0.06, -0.05)])
  func partsThatHaveMovedAreFound(step: SIMD2<Double>) throws { try expectColors(whereHasMoved: "tail", by: step) }

  /// What is smaller than any part and has moved by its own width: its parts stay where the head or the body is, and see that.
  @Test(arguments: [("eye", SIMD2(-0.08, 0.03)), ("eye", SIMD2(0.0, 0.085)), ("patch", SIMD2(0.07, 0.05))])
  func smallRegionsThatHaveMovedAreFound(name: String, step: SIMD2<Double>) throws {
    try expectColors(whereHasMoved: name, by: step)
  }

  /// A ring is four pixels wide; the reference's outlines leave two of them, and it may have moved by more than that.
  @Test(arguments: [SIMD2(0.0, 0.0), SIMD2(0.012, 0.008)])
  func outlinesAreNoColorsOfWhatLiesBetween(step: SIMD2<Double>) throws {
    let ring = Scene.Part(center: Scene.parts[0].1.center, radii: SIMD2(0.048, 0.043), color: RGB(220, 40, 40))
    var parts = Scene.parts
    parts.insert(("ring", ring), at: 1)
    let sketch = try Scene.sketch(width: 300, height: 300, parts: parts)
    for part in 0...1 { parts[part].1.center += step }
    let view = try Scene.view(
      .init(right: SIMD2(1, 0), down: SIMD2(0, 1)), width: 300, height: 300, parts: parts, hasOutlines: true)
    let flats = try flats(view, sketch: sketch).flats
    let (x, y) = (Int((ring.center.x + 0.0415 + 0.5) * 300), Int((ring.center.y + 0.5) * 300))
    let paint = flats.paints[Int(flats.map.labels[y * 300 + x])].color
    #expect(Lab(paint).difference(to: Lab(ring.color)) < 6, "\(paint)")
  }

  /// All parts have their colours after a reference in which one of them is elsewhere.
  private func expectColors(whereHasMoved name: String, by step: SIMD2<Double>) throws {
    let map = Scene.map(angle: 4, scale: 0.85, isMirrored: false)
    let moved = Scene.parts.map { other, part in
      (other, Scene.Part(center: part.center + (other == name ? step : .zero), radii: part.radii, color: part.color))
    }
    let (sketch, view) = try (
      Scene.sketch(width: 300, height: 300), Scene.view(map, width: 320, height: 320, parts: moved)
    )
    try expectColors(flats(view, sketch: sketch).flats)
  }

  private func expectColors(_ flats: Flats) {
    for (name, part) in Scene.parts {
      let (x, y) = (Int((part.center.x + 0.5) * 300), Int((part.center.y + 0.5) * 300))
      let paint = flats.paints[Int(flats.map.labels[y * 300 + x])]
      #expect(Lab(paint.color).difference(to: Lab(part.color)) < 6, "\(name): \(paint.color), not \(part.color)")
    }
  }

  /// The drawing is a close view that cuts the body off at its edges. In the reference it is whole, so it is no ground.
  @Test func figuresThatAreCutOffAreNotGround() throws {
    let close = Scene.map(angle: 0, scale: 2.2, isMirrored: false)
    let map = Scene.map(angle: 0, scale: 1 / 2.2, isMirrored: false)
    let sketch = try Scene.sketch(width: 300, height: 300, seenThrough: close)
    let view = try Scene.view(.init(right: SIMD2(1, 0), down: SIMD2(0, 1)), width: 320, height: 320)
    let alignment = try sketch.alignment(with: view)
    #expect(alignment.confidence > 0.5 && abs(alignment.scale - map.right.x) < 0.05, "\(alignment)")
    let carried = try flats(view, sketch: sketch)
    let body = try #require(Scene.parts.last).1
    let place = close(SIMD2(0, 0.16)) * 300 + 150
    let paint = carried.flats.paints[Int(carried.flats.map.labels[Int(place.y) * 300 + Int(place.x)])]
    #expect(Lab(paint.color).difference(to: Lab(body.color)) < 6, "\(paint.color)")
  }

  @Test func theGroundDoesNotFollowTheFigure() throws {
    // Below the horizon the ground is another colour; the figure is smaller in the reference, and elsewhere.
    var map = Scene.map(angle: 0, scale: 0.6, isMirrored: false)
    map.offset = SIMD2(0.15, -0.1)
    let horizon = 0.2
    let sketch = try Scene.sketch(width: 300, height: 300, horizon: horizon)
    let view = try Scene.view(map, width: 300, height: 300, horizon: horizon)
    let carried = try flats(view, sketch: sketch) { request in
      request.mode = .full
      request.sketchMask = try? Scene.mask(.init(right: SIMD2(1, 0), down: SIMD2(0, 1)), side: 300)
      request.referenceMask = try? Scene.mask(map, side: 300)
    }
    func color(_ x: Int, _ y: Int) -> RGB { carried.flats.paints[Int(carried.flats.map.labels[y * 300 + x])].color }
    #expect(Lab(color(8, 8)).difference(to: Lab(Scene.sky)) < 6)
    #expect(Lab(color(8, 290)).difference(to: Lab(Scene.floor)) < 6)
  }

  @Test func settingsOfEarlierVersionsHadNone() throws {
    let old = try JSONDecoder().decode(FlatsSettings.self, from: Data(#"{"maximumColors": 12}"#.utf8))
    #expect(old.alignment == .none)
    var own = FlatsSettings()
    #expect(own.alignment == .automatic)
    own.alignment = .automatic
    #expect(try JSONDecoder().decode(FlatsSettings.self, from: JSONEncoder().encode(own)) == own)
  }
}

/// A figure of a few parts without any symmetry, seen through a map, and its line art.
private enum Scene {
  struct Part {
    var center: SIMD2<Double>
    let radii: SIMD2<Double>
    let color: RGB
    func contains(_ place: SIMD2<Double>) -> Bool {
      let step = (place - center) / radii
      return (step * step).sum() <= 1
    }
  }

  /// Those in front come first.
  static let parts: [(String, Part)] = [
    ("eye", Part(center: SIMD2(0.09, -0.2), radii: SIMD2(0.035, 0.03), color: RGB(30, 60, 160))),
    ("patch", Part(center: SIMD2(-0.12, 0.2), radii: SIMD2(0.07, 0.05), color: RGB(240, 220, 60))),
    ("head", Part(center: SIMD2(0.05, -0.18), radii: SIMD2(0.17, 0.13), color: RGB(235, 170, 130))),
    ("ear", Part(center: SIMD2(-0.13, -0.3), radii: SIMD2(0.06, 0.1), color: RGB(150, 70, 40))),
    ("tail", Part(center: SIMD2(0.3, 0.22), radii: SIMD2(0.15, 0.05), color: RGB(120, 50, 170))),
    ("body", Part(center: SIMD2(-0.03, 0.15), radii: SIMD2(0.22, 0.2), color: RGB(60, 150, 80))),
  ]
  static let sky = RGB(215, 230, 245)
  static let floor = RGB(190, 140, 90)

  static func map(angle: Double, scale: Double, isMirrored: Bool) -> AffineMap {
    let (cosine, sine) = (cos(angle * .pi / 180) * scale, sin(angle * .pi / 180) * scale)
    let side = isMirrored ? -1.0 : 1.0
    return AffineMap(right: SIMD2(side * cosine, sine), down: SIMD2(side * -sine, cosine))
  }

  private static func part(at place: SIMD2<Double>, of parts: [(String, Part)] = parts) -> Int? {
    parts.firstIndex { $0.1.contains(place) }
  }

  private static func places(_ width: Int, _ height: Int) -> [SIMD2<Double>] {
    let longer = Double(max(width, height))
    return (0..<width * height).map {
      SIMD2(
        Double($0 % width) + 0.5 - Double(width) / 2, Double($0 / width) + 0.5 - Double(height) / 2) / longer
    }
  }

  /// From places in the view back to places in the figure.
  private static func inverse(_ map: AffineMap) -> (SIMD2<Double>) -> SIMD2<Double> {
    { place in
      let step = place - map.offset
      return SIMD2(
        (map.down.y * step.x - map.down.x * step.y) / map.determinant,
        (map.right.x * step.y - map.right.y * step.x) / map.determinant)
    }
  }

  /// The figure in colours where the map leads, without lines or with some that are two pixels wide.
  static func view(
    _ map: AffineMap, width: Int, height: Int, horizon: Double = 1, parts: [(String, Part)] = parts,
    hasOutlines: Bool = false
  ) throws -> Image {
    let back = inverse(map)
    let places = places(width, height)
    let labels = places.map { part(at: back($0), of: parts) }
    let pixels = labels.indices.flatMap { pixel -> [UInt8] in
      var color = labels[pixel].map { parts[$0].1.color } ?? (places[pixel].y > horizon ? floor : sky)
      let (x, y) = (pixel % width, pixel / width)
      if hasOutlines,
        (max(0, y - 1)...min(height - 1, y + 1)).contains(where: { row in
          (max(0, x - 1)...min(width - 1, x + 1)).contains { labels[row * width + $0] != labels[pixel] }
        })
      {
        color = .black
      }
      return [color.red, color.green, color.blue]
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }

  /// Black lines, two pixels wide, wherever parts meet.
  static func sketch(
    width: Int, height: Int, horizon: Double = 1,
    seenThrough map: AffineMap = AffineMap(right: SIMD2(1, 0), down: SIMD2(0, 1)), parts: [(String, Part)] = parts
  ) throws -> Image {
    let back = inverse(map)
    let labels = places(width, height).map { part(at: back($0), of: parts) ?? ($0.y > horizon ? -2 : -1) }
    let pixels = labels.indices.map { pixel -> UInt8 in
      let (x, y) = (pixel % width, pixel / width)
      let isLine =
        (x + 1 < width && labels[pixel] != labels[pixel + 1]) || (x > 0 && labels[pixel] != labels[pixel - 1])
        || (y + 1 < height && labels[pixel] != labels[pixel + width])
        || (y > 0 && labels[pixel] != labels[pixel - width])
      return isLine ? 0 : 255
    }
    return try Image(width: width, height: height, channels: 1, pixels: pixels)
  }

  static func mask(_ map: AffineMap, side: Int) throws -> Mask {
    let back = inverse(map)
    return try Mask(
      width: side, height: side, values: places(side, side).map { part(at: back($0)) == nil ? 0 : 1 })
  }
}
