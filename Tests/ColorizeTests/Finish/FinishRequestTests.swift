// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing
import TestSupport

/// Fills, lines, flats and palettes of a request, from the settings to the result.
struct FinishRequestTests {
  private static let tiny = TinyModel()

  /// A cross in a frame: five regions and more.
  private func sketch() throws -> Image {
    let side = 80
    return try Image(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { pixel in
        let (x, y) = (pixel % side, pixel / side)
        return x == 40 || x == 41 || y == 40 || y == 41 || x == 8 || x == 9 || y == 70 || y == 71 ? 0 : 255
      })
  }

  private func reference() throws -> Image {
    try Image(
      width: 60, height: 40, channels: 3,
      pixels: (0..<2400).flatMap {
        $0 % 60 < 20 ? [230, 60, 60] : $0 % 60 < 40 ? [60, 90, 220] : [250, 230, 190] as [UInt8]
      })
  }

  private func request(_ change: (inout ColorizeRequest) -> Void = { _ in }) throws -> ColorizeRequest {
    var request = try ColorizeRequest(sketch: sketch(), reference: reference())
    request.steps = 1
    request.size = 64
    change(&request)
    return request
  }

  private func colorize(_ request: ColorizeRequest) async throws -> ColorizeResult {
    try await Colorizer(model: Self.tiny.model()).colorize(request)
  }

  @Test func nothingIsFinishedUnlessAsked() async throws {
    let result = try await colorize(request())
    #expect(result.flats == nil && result.image == result.pictures[0].painting)
    #expect(result.summary.seconds[ColorizeEvent.Stage.finishing.rawValue] == nil)
    #expect(result.pictures[0].drawing == (try sketch()))
  }

  @Test func flatsTakeTheReferencesColors() async throws {
    let result = try await colorize(request { ($0.fill, $0.lines) = (.flats, .none) })
    let flats = try #require(result.flats)
    let own: Set = [RGB(230, 60, 60), RGB(60, 90, 220), RGB(250, 230, 190)]
    #expect(own.isSuperset(of: flats.colors.map(\.color)))
    #expect(flats.map.regions.count >= 6)
    #expect(result.image == flats.image && result.pictures[0].painting != result.image)
    #expect(result.summary.seconds[ColorizeEvent.Stage.finishing.rawValue] != nil)
  }

  @Test(arguments: ColorizeRequest.Frame.allCases) func regionsAreKnownBeforeThePicture(
    frame: ColorizeRequest.Frame
  ) async throws {
    for guides in [nil, GuideOptions.default] {
      let request = try request { ($0.fill, $0.frame, $0.guides) = (.flats, frame, guides) }
      #expect(try await colorize(request).flats?.map == request.regionMap(for: Self.tiny.model()))
    }
  }

  /// A coloured picture as the sketch: its drawn lines alone bound regions and are laid over, none of its colours.
  @Test(arguments: [SketchPreparation.extracted, .lineFilter]) func linesOfAPictureAreItsDrawing(
    preparation: SketchPreparation
  ) async throws {
    let side = 128
    func picture(_ color: (_ x: Int, _ isLine: Bool) -> [UInt8]) throws -> Image {
      try Image(
        width: side, height: side, channels: 3,
        pixels: (0..<side * side).flatMap { pixel in
          let (x, y) = (pixel % side, pixel / side)
          let edge = max(abs(x - 64), abs(y - 64))
          return color(x, edge <= 40 && edge > 37 || edge < 40 && abs(x - 64) < 2)
        })
    }
    // The colours have a bound of their own where no line is.
    let colored = try picture { x, isLine in isLine ? [20, 10, 10] : x < 100 ? [230, 120, 90] : [110, 200, 230] }
    let lineArt = try picture { _, isLine in isLine ? [0, 0, 0] : [255, 255, 255] }
    for frame in ColorizeRequest.Frame.allCases {
      let request = try request {
        ($0.sketch, $0.preparation, $0.frame) = (colored, preparation, frame)
        ($0.fill, $0.lines) = (.flats, .own)
      }
      let result = try await colorize(request)
      let (drawing, flats) = (result.pictures[0].drawing, try #require(result.flats))
      #expect(drawing.channels == 1 && drawing.size == result.image.size)
      // Three areas: the ground, and two halves of a box.
      #expect(try flats.map.regions.count == RegionMap(lineArt: lineArt).regions.count)
      #expect(try flats.map == request.regionMap(for: Self.tiny.model()))
      let scale = Double(drawing.width) / Double(side)
      for (x, y) in [(8, 8), (120, 64), (45, 64), (80, 64)] {
        let place = Int(Double(y) * scale) * drawing.width + Int(Double(x) * scale)
        #expect(drawing.pixels[place] >= 250, "\(x), \(y)")
        #expect(
          Array(result.image.pixels[place * 3..<place * 3 + 3]) == Array(flats.image.pixels[place * 3..<place * 3 + 3]))
      }
    }
  }

  @Test func aGivenPaletteCounts() async throws {
    let colors = [RGB(1, 2, 3), RGB(250, 251, 252)]
    let result = try await colorize(
      request {
        ($0.fill, $0.lines) = (.flats, .none)
        $0.palette = Palette(colors.map { .init($0) })
      })
    #expect(Set(colors).isSuperset(of: try #require(result.flats).colors.map(\.color)))
    // An encoded reference gives the same colours as its picture.
    let colorizer = try await Colorizer(model: Self.tiny.model())
    var encoded = try request { ($0.fill, $0.lines) = (.flats, .own) }
    let image = try await colorizer.colorize(encoded).image
    encoded.reference = .encoded(try await colorizer.encode(reference()))
    #expect(try await colorizer.colorize(encoded).image == image)
  }

  @Test func everyPictureHasFlats() async throws {
    let result = try await colorize(
      request {
        $0.makesFlats = true
        $0.count = 2
        $0.frame = .working
      })
    #expect(result.pictures.count == 2 && result.images == result.pictures.map(\.painting))
    for picture in result.pictures {
      #expect(picture.flats?.image.size == picture.image.size && picture.drawing.size == picture.image.size)
    }
  }

  @Test func settingsKeepTheFinish() throws {
    var settings = ColorizeSettings(finish: FinishDefaults(fill: .flats, lines: .own))
    settings.flats.maximumGap = 3.5
    settings.flats.colors = .painting
    settings.guides = .default
    let back = try JSONDecoder().decode(ColorizeSettings.self, from: JSONEncoder().encode(settings))
    #expect(back == settings && back.fill == .flats && back.lines == .own)
    // What earlier versions wrote has none of it.
    let old = try JSONDecoder().decode(ColorizeSettings.self, from: Data("{}".utf8))
    #expect(old.fill == .painting && old.lines == .network && old.guides == nil && !old.makesFlats)
  }

  @Test func wrongSettingsAreRefused() throws {
    func option(_ change: (inout ColorizeRequest) -> Void) throws -> ColorizeError.Option? {
      do {
        try request(change).validate()
      } catch ColorizeError.invalidOption(let option, _, _) {
        return option
      }
      return nil
    }
    #expect(try option { $0.flats.maximumColors = 0 } == .maximumColors)
    #expect(try option { $0.flats.maximumGap = .nan } == .maximumGap)
    #expect(try option { $0.flats.minimumArea = -1 } == .minimumArea)
    #expect(try option { $0.flats.farDistance = 101 } == .farDistance)
    #expect(try option { $0.guides = GuideOptions([]) } == .guides)
    #expect(try option { $0.palette = Palette([]) } == .palette)
    #expect(try option { _ in } == nil)
  }

  /// Masks and a background picture may stay where a mode is changed to one that does not use them.
  @Test(arguments: [InferenceMode.vanilla, .foreground])
  func flatsDoNotTakeColoursOfWhatTheModeDoesNotUse(mode: InferenceMode) throws {
    let left = try Image(width: 32, height: 32, color: [200, 30, 30])
    let pixels = (0..<32 * 32).flatMap { $0 % 32 < 16 ? [200, 30, 30] : [30, 30, 200] as [UInt8] }
    var request = try request { $0.mode = mode }
    request.reference = .image(try Image(width: 32, height: 32, channels: 3, pixels: pixels))
    let plain = try #require(try request.flatColors())
    request.sketchMask = Mask(try Image(width: 80, height: 80, color: [255]))
    request.referenceMask = Mask(left)
    request.background = try Image(width: 8, height: 8, color: [20, 220, 20])
    let masked = try #require(try request.flatColors())
    #expect(masked.palette == plain.palette && masked.sides == nil)
    // Where the mode uses it, the background's colour is there.
    request.mode = .background
    request.referenceMask = nil
    let used = try #require(try request.flatColors())
    #expect(used.palette.entries.contains { $0.color == RGB(20, 220, 20) })
  }

  @Test func settingsThatDoNothingAreTold() throws {
    let model = try Model.embedded()
    func idle(_ change: (inout ColorizeRequest) -> Void) throws -> [ColorizeError.Option: IdleOption.Reason] {
      var request = ColorizeRequest(
        sketch: try sketch(), reference: try sketch(), sampling: model.configuration.sampling,
        finish: model.configuration.finish)
      change(&request)
      let options = request.idleOptions(for: model)
      return Dictionary(options.map { ($0.option, $0.reason) }) { first, _ in first }
    }
    #expect(try idle { _ in }.isEmpty)
    #expect(try idle { $0.merge = 0.5 } == [.merge: .mode])
    #expect(
      try idle {
        $0.merge = 0.5
        $0.mode = .full
      }.isEmpty)
    #expect(try idle { $0.hintStrength = 0.5 } == [.hintStrength: .noHints])
    #expect(
      try idle {
        $0.palette = Palette([]); $0.flats.maximumColors = 3
      } == [.maximumColors: .givenPalette])
    #expect(
      try idle {
        ($0.fill, $0.lines) = (.painting, .network)
        $0.flats.maximumGap = 3
        $0.palette = Palette([])
      } == [.maximumGap: .noRegions, .palette: .noFlats])
    for reason in IdleOption.Reason.allCases { #expect(!reason.words(in: .vanilla).isEmpty) }
  }

  /// Guide strokes do not reach the network, and are not in the drawing that comes back.
  @Test func guidesVanish() async throws {
    let plain = try sketch()
    var pixels = plain.composited().pixels
    for y in 50..<60 {
      for x in 12..<38 where y == 54 || y == 55 {
        pixels.replaceSubrange((y * 80 + x) * 3..<(y * 80 + x) * 3 + 3, with: [255, 0, 0])
      }
    }
    let marked = try Image(width: 80, height: 80, channels: 3, pixels: pixels)
    var request = try request { $0.guides = .default }
    request.sketch = marked
    let result = try await colorize(request)
    request.sketch = try Image(width: 80, height: 80, channels: 3, pixels: plain.composited().pixels)
    #expect(try await colorize(request).image == result.image)
    #expect(result.pictures[0].drawing == request.sketch)
  }
}
