// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// Strokes of colour act on what the network paints.
struct HintBiasTests {
  /// A disc and a ring around it on a ground, of the model's size.
  private static let side = 128
  private func distance(_ x: Int, _ y: Int) -> Double {
    let (dx, dy) = (Double(x) - 64, Double(y) - 64)
    return (dx * dx + dy * dy).squareRoot()
  }

  private func sketch() throws -> Image {
    try Image(
      width: Self.side, height: Self.side, channels: 1,
      pixels: (0..<Self.side * Self.side).map {
        let d = distance($0 % Self.side, $0 / Self.side)
        return abs(d - 30) < 1.2 || abs(d - 50) < 1.2 ? 0 : 255
      })
  }

  /// A stroke within the disc.
  private func hints(_ color: RGB) throws -> Image {
    try Image(
      width: Self.side, height: Self.side, channels: 4,
      pixels: (0..<Self.side * Self.side).flatMap { pixel -> [UInt8] in
        distance(pixel % Self.side, pixel / Self.side) < 8 ? [color.red, color.green, color.blue, 255] : [0, 0, 0, 0]
      })
  }

  private func request(_ colorizer: Colorizer, hint: RGB?) throws -> ColorizeRequest {
    var request = colorizer.request(sketch: try sketch(), reference: .image(try Sample.reference()))
    (request.fill, request.lines, request.size) = (.painting, .network, Self.side)
    request.hints = try hint.map { try hints($0) }
    return request
  }

  /// The mean colour between two distances from the middle.
  private func mean(_ image: Image, _ range: Range<Double>) -> Lab {
    var (sum, count) = ([0.0, 0, 0], 0.0)
    for y in 0..<image.height {
      for x in 0..<image.width where range.contains(distance(x, y)) {
        for channel in 0..<3 { sum[channel] += Double(image.pixels[(y * image.width + x) * 3 + channel]) }
        count += 1
      }
    }
    return Lab(RGB(UInt8(sum[0] / count), UInt8(sum[1] / count), UInt8(sum[2] / count)))
  }

  /// The disc becomes the hint's colour, with one step as with several, and what is not beside it stays.
  @Test(arguments: [1, 4], [RGB(30, 60, 220), RGB(240, 220, 90)])
  func thePaintingTakesTheColor(steps: Int, hint: RGB) async throws {
    let colorizer = try await Colorizer()
    var plain = try request(colorizer, hint: nil)
    var hinted = try request(colorizer, hint: hint)
    (plain.steps, hinted.steps) = (steps, steps)
    let before = try await colorizer.colorize(plain).image
    let after = try await colorizer.colorize(hinted).image
    // Measured: 3 to 11 afterwards, for colours that are 30 and more away before.
    let goal = Lab(hint)
    let distances = (mean(before, 0..<26).difference(to: goal), mean(after, 0..<26).difference(to: goal))
    #expect(distances.0 > 20, "the hint is to be another colour than what is painted: \(distances.0)")
    #expect(distances.1 < 15, "\(distances.1) of \(distances.0)")
    #expect(mean(after, 58..<90).difference(to: mean(before, 58..<90)) < 6)
  }

  /// Half a strength goes part of the way.
  @Test func strengthSaysHowFar() async throws {
    let colorizer = try await Colorizer()
    let hint = RGB(30, 60, 220)
    var distances: [Double] = []
    for strength: Float in [0, 0.5, 1] {
      var request = try request(colorizer, hint: hint)
      request.hintStrength = strength
      distances.append(mean(try await colorizer.colorize(request).image, 0..<26).difference(to: Lab(hint)))
    }
    #expect(distances[0] > distances[1] + 5 && distances[1] > distances[2] + 5, "\(distances)")
  }

  /// Without hints, with hints that hit nothing, and with a strength of 0, a picture is the same to the byte.
  @Test func nothingChangesWithoutHints() async throws {
    let colorizer = try await Colorizer()
    var request = try request(colorizer, hint: nil)
    let plain = try await colorizer.colorize(request).image
    request.hintStrength = 1
    #expect(try await colorizer.colorize(request).image == plain)
    request.hints = try hints(RGB(30, 60, 220))
    request.hintStrength = 0
    #expect(try await colorizer.colorize(request).image == plain)
    #expect(!request.usesHints)
    request.hintStrength = nil
    #expect(request.usesHints)
    request.hints = try Image(width: 8, height: 8, color: [1, 2, 3, 0])
    #expect(try await colorizer.colorize(request).image == plain)
  }

  /// With a palette, the painting takes its nearest entry, as flats do; they agree on the region.
  @Test func flatsAndPaintingAgree() async throws {
    let colorizer = try await Colorizer()
    var request = try request(colorizer, hint: RGB(40, 70, 210))
    request.makesFlats = true
    request.palette = Palette([.init(RGB(20, 140, 60)), .init(RGB(20, 40, 160)), .init(RGB(250, 240, 220))])
    let picture = try #require(try await colorizer.colorize(request).pictures.first)
    let flats = try #require(picture.flats)
    let region = try #require(flats.map.region(x: 64, y: 64))
    #expect(flats.paints[region.id].color == RGB(20, 40, 160))
    #expect(mean(picture.image, 0..<26).difference(to: Lab(RGB(20, 40, 160))) < 15)
  }

  /// What the encoder and the decoder take meanwhile is counted, and they are there with little memory too.
  @Test func memoryIsCounted() async throws {
    let model = try Model.embedded()
    let backend = try CPUBackend()
    let colorizer = try await Colorizer(model: model, backend: backend, memory: .low)
    let plain = try request(colorizer, hint: nil)
    let hinted = try request(colorizer, hint: RGB(30, 60, 220))
    let bytes = try [plain, hinted].map {
      try model.memoryEstimate(for: $0, backend: backend, memory: .low).stageBytes[.sampling] ?? 0
    }
    #expect(bytes[1] > bytes[0])
    let whole = try await Colorizer(model: model, backend: backend)
    #expect(try await colorizer.colorize(hinted).image == whole.colorize(hinted).image)
  }

  @Test func strengthsOutOfRangeAreRefused() async throws {
    let colorizer = try await Colorizer()
    var request = try request(colorizer, hint: RGB(1, 2, 3))
    for strength: Float in [-0.1, 1.1, .nan] {
      request.hintStrength = strength
      #expect(throws: ColorizeError.self) { try request.validate() }
    }
    request.hintStrength = 1
    request.hints = try Image(width: 64, height: 64, color: [1, 2, 3])
    #expect(throws: FlatsError.self) { try request.validate() }
  }
}
