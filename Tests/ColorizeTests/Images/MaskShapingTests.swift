// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Masks that grow, shrink, and are feathered.
struct MaskShapingTests {
  private static let (width, height) = (40, 30)

  /// A box from (12, 10) to (25, 19), with a soft pixel on each side.
  private func box() throws -> Mask {
    try Mask(
      width: Self.width, height: Self.height,
      values: (0..<Self.width * Self.height).map { pixel in
        let (x, y) = (pixel % Self.width, pixel / Self.width)
        if (12...25).contains(x), (10...19).contains(y) { return 1 }
        return (11...26).contains(x) && (9...20).contains(y) ? 0.25 : 0
      })
  }

  private func value(_ mask: Mask, _ x: Int, _ y: Int) -> Float { mask.values[y * mask.width + x] }

  /// The distance of a pixel's middle from the outline of the box, negative inside: the oracle, by every pixel there is.
  private func distance(_ x: Int, _ y: Int) -> Double {
    func isFigure(_ x: Int, _ y: Int) -> Bool { (12...25).contains(x) && (10...19).contains(y) }
    var nearest = Double.infinity
    for ny in 0..<Self.height {
      for nx in 0..<Self.width where isFigure(nx, ny) != isFigure(x, y) {
        nearest = min(nearest, Double((nx - x) * (nx - x) + (ny - y) * (ny - y)))
      }
    }
    return isFigure(x, y) ? 0.5 - nearest.squareRoot() : nearest.squareRoot() - 0.5
  }

  @Test func nothingIsChangedUnlessAskedFor() throws {
    #expect(try box().shaped(MaskShaping()) == box())
    #expect(!MaskShaping().changesMasks)
  }

  @Test func aThresholdCuts() throws {
    let mask = try box()
    #expect(mask.shaped(MaskShaping(threshold: 0.5)).values == mask.values.map { $0 == 1 ? 1 : 0 })
    #expect(mask.shaped(MaskShaping(threshold: 0.25)).values == mask.values.map { $0 > 0 ? 1 : 0 })
    #expect(mask.shaped(MaskShaping(threshold: 0)).values == mask.values.map { $0 > 0 ? 1 : 0 })
  }

  @Test(arguments: [3.0, 1, 6.4, -2, -4.75]) func theOutlineMovesByTheLength(grow: Double) throws {
    let mask = try box().shaped(MaskShaping(grow: grow))
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        // Distances are kept in eighths of a pixel, rounded down.
        guard abs(distance(x, y) - grow) > 0.13 else { continue }
        #expect(value(mask, x, y) == (distance(x, y) < grow ? 1 : 0), "\(x), \(y)")
      }
    }
    // Along a row: as many more pixels on both sides.
    if grow == 3 { #expect((0..<Self.width).filter { value(mask, $0, 15) == 1 } == Array(9...28)) }
  }

  @Test func aFeatherIsARampAcrossTheOutline() throws {
    let mask = try box().shaped(MaskShaping(grow: 1, feather: 4))
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let wanted = min(max(0.5 - (distance(x, y) - 1) / 4, 0), 1)
        // An eighth of a pixel, of four.
        #expect(abs(Double(value(mask, x, y)) - wanted) <= 0.125 / 4 + 1e-6, "\(x), \(y)")
      }
    }
  }

  @Test func lengthsAreThePictures() throws {
    let size = ImageSize(width: 2 * Self.width, height: 2 * Self.height)
    #expect(
      try box().shaped(MaskShaping(grow: 6, feather: 4), for: size) == box().shaped(MaskShaping(grow: 3, feather: 2)))
  }

  @Test(arguments: [0, 1] as [Float]) func masksOfOneValueStay(value: Float) throws {
    let mask = try Mask(width: 9, height: 7, values: [Float](repeating: value, count: 63))
    for shaping in [MaskShaping(grow: 5), MaskShaping(grow: -5), MaskShaping(feather: 9), MaskShaping(threshold: 0.5)] {
      #expect(mask.shaped(shaping) == mask)
    }
  }

  @Test func numbersOutOfRangeAreRefused() {
    for shaping in [
      MaskShaping(threshold: 1.5), MaskShaping(threshold: .nan), MaskShaping(grow: 1001), MaskShaping(grow: .nan),
      MaskShaping(feather: -1), MaskShaping(feather: .infinity),
    ] {
      #expect(throws: ColorizeError.self) { try shaping.validate() }
    }
  }

  /// What a request's settings say is done to its masks, as if it had been done before.
  @Test func requestsShapeTheirMasks() async throws {
    let colorizer = try await Colorizer()
    var request = colorizer.request(sketch: try Sample.sketch(), reference: .image(try Sample.reference()))
    request.mode = .full
    request.size = 64
    (request.fill, request.lines) = (.painting, .network)
    request.sketchMask = try Sample.sketchMask()
    request.referenceMask = try Sample.referenceMask()
    let plain = try await colorizer.colorize(request).image
    let shaping = MaskShaping(grow: -20, feather: 3)
    var before = request
    before.sketchMask = try Sample.sketchMask().shaped(shaping, for: request.sketch.size)
    before.referenceMask = try Sample.referenceMask().shaped(shaping, for: Sample.reference().size)
    request.maskShaping = shaping
    let shaped = try await colorizer.colorize(request)
    #expect(shaped.image == (try await colorizer.colorize(before).image))
    #expect(shaped.image != plain)
    #expect(shaped.summary.settings.maskShaping == shaping)
  }
}
