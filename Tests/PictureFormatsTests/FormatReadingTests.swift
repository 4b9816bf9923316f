// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import PictureFormats
import Testing
import TestSupport

@Suite struct FormatReadingTests {
  @Test func fixturesAreThere() {
    #expect(FormatFixtures.names.count == 59)
  }

  @Test(arguments: FormatFixtures.names)
  func decodesToTheExpectedPixels(name: String) throws {
    let image = try FormatFixtures.load(name).image
    let expected = try #require(FormatFixtures.expected[name])
    #expect((image.width, image.height, image.channels) == (expected.width, expected.height, expected.channels))
    let largest = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max()
    // Of floating point and of CMYK the rounding of a product may differ in the last bit; everything else is exact.
    let tolerance = ["rgb32f.psd", "cmyk8.tif"].contains(name) ? 1 : 0
    #expect(try #require(largest) <= tolerance)
  }

  @Test(arguments: ["profile.tif", "profile.webp", "profile.psd"])
  func profilesAreConvertedAsInPNG(name: String) throws {
    let (image, metadata) = try FormatFixtures.load(name)
    #expect(metadata.notes == [.convertedColors])
    #expect(try image == FormatFixtures.load("profile.png").image)
  }

  @Test func densitiesAreRead() throws {
    let upright = try FormatFixtures.load("orientation-1.tif").metadata.resolution
    #expect(upright == ImageResolution(horizontal: 300, vertical: 150))
    let turned = try FormatFixtures.load("orientation-6.tif").metadata.resolution
    #expect(turned == ImageResolution(horizontal: 150, vertical: 300))
    #expect(try FormatFixtures.load("rgb8.psd").metadata.resolution == upright)
    #expect(try FormatFixtures.load("grey8.psd").metadata.resolution == nil)
  }

  @Test func severalPagesAreNoted() throws {
    #expect(try FormatFixtures.load("pages.tif").metadata.notes == [.firstOfSeveral])
    #expect(try FormatFixtures.load("animation.webp").metadata.notes == [.firstOfSeveral])
    #expect(try FormatFixtures.load("thumbnail-first.tif").metadata.notes.isEmpty)
  }

  /// CIELab, ICCLab and ITULab: numbers that are no RGB, whose white is not that of a screen.
  @Test(arguments: [8, 9, 10]) func labIsRefused(photometric: UInt8) throws {
    PictureFormats.register()
    var file: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 9, 0]
    for (tag, type, count, value) in [
      (256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, Int(photometric)), (273, 4, 1, 122),
      (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 3),
    ] {
      file += [UInt8(tag & 255), UInt8(tag >> 8), UInt8(type), 0, UInt8(count), 0, 0, 0, UInt8(value), 0, 0, 0]
    }
    file += [0, 0, 0, 0, 255, 128, 128]
    #expect { try Image(data: file) } throws: { error in
      guard case .unsupported(_, .tiff, let reason) = error as? ImageError else { return false }
      return reason == "it has the colour mode Lab"
    }
  }

  /// Pictures of every format that is read are palettes.
  @Test(arguments: ["rgb8.psd", "cmyk8.tif", "animation.webp"]) func picturesArePalettes(name: String) throws {
    PictureFormats.register()
    #expect(try !Palette(data: FormatFixtures.bytes(name)).entries.isEmpty)
  }

  @Test(arguments: ["no-merged.psd", "no-merged.ora"])
  func documentsWithoutAMergedPictureAreRefused(name: String) throws {
    #expect { try FormatFixtures.load(name) } throws: { error in
      guard case .unsupported(let file, let format, let reason) = error as? ImageError else { return false }
      return file == FormatFixtures.path(name) && [.photoshop, .openRaster].contains(format)
        && reason.contains("merged")
    }
  }

  /// A file that ends early has no pixels made up: it is refused, wherever it ends within what is needed.
  @Test(arguments: FormatFixtures.names.filter { !$0.hasSuffix("ora") && !$0.hasSuffix("kra") })
  func filesThatEndEarlyAreRefused(name: String) throws {
    let data = try FormatFixtures.bytes(name)
    let whole = try Image(data: data)
    for share in [0.02, 0.3, 0.6, 0.9] {
      let cut = Array(data.prefix(Int(Double(data.count) * share)))
      // What is left out may be another page, or a tag that nothing stands on: then the picture must be the same.
      if let image = try? Image(data: cut) { #expect(image == whole) }
    }
  }

  /// No byte that is changed makes the reading trap, or allocate without bound.
  @Test(arguments: FormatFixtures.names)
  func damagedFilesAreReadOrRefused(name: String) throws {
    let data = try FormatFixtures.bytes(name)
    var random = SplitMix64(state: UInt64(data.count))
    for round in 0..<60 {
      var damaged = data
      for _ in 0...round % 4 {
        // Most of what decides anything stands at the start.
        let limit = Bool.random(using: &random) ? min(64, data.count) : data.count
        damaged[Int.random(in: 0..<limit, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let image = try? Image(data: damaged) { #expect(image.width * image.height <= Image.maximumPixelCount) }
    }
  }

  @Test func sizesBeyondTheLimitsAreRefused() throws {
    var tga = try FormatFixtures.bytes("rgb.tga")
    (tga[12], tga[13]) = (0xFF, 0xFF)
    var psd = try FormatFixtures.bytes("rgb8.psd")
    psd[15] = 0x10
    for data in [tga, psd] {
      #expect { try Image(data: data) } throws: { error in
        if case .tooLarge = error as? ImageError { true } else { false }
      }
    }
  }

  /// Text and other files do not pass for TGA, which has no signature.
  @Test func otherFilesAreNotTakenForTGA() throws {
    PictureFormats.register()
    for text in [
      "GIF89a\u{01}\u{00}\u{01}\u{00}\u{00}\u{00}\u{00};             ", "A text of some length, and no picture at all.",
    ] {
      #expect { try Image(data: Array(text.utf8)) } throws: { error in
        if case .unknownFormat = error as? ImageError { true } else { false }
      }
    }
  }
}
