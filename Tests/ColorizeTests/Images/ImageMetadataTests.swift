// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// What a file says besides its pixels, half of which used to be lost.
@Suite struct ImageMetadataTests {
  private static func metadataFixture(_ name: String) -> String {
    (Bundle.module.resourcePath ?? "") + "/Fixtures/metadata/\(name)"
  }

  private func load(_ name: String) throws -> (image: Image, metadata: ImageMetadata) {
    try Image.loadWithMetadata(Self.metadataFixture(name))
  }

  @Test func orientationInPNG() throws {
    let (turned, metadata) = try load("sketch-exif6.png")
    // The same drawing, turned, in RGB.
    let upright = try Image.load(
      (Bundle.module.resourcePath ?? "") + "/Fixtures/sketches/sketch.png")
    #expect(turned.size == upright.size && largestDifference(turned.grey, upright) <= 1)
    #expect(metadata.notes.isEmpty)
  }

  @Test func profilesAreConverted() throws {
    let (converted, metadata) = try load("ref-adobergb.png")
    #expect(metadata.notes == [.convertedColors])
    let expected = try Image.load(
      (Bundle.module.resourcePath ?? "") + "/Fixtures/sketches/painting.png")
    // The file is the painting in Adobe RGB, rounded twice; colours beyond sRGB it cannot hold.
    let differences = zip(converted.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.count { $0 > 3 } < differences.count / 100)
    #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 1)
  }

  /// A PNG of one pixel with another chunk after its header.
  private func png(_ image: Image, _ type: String, _ content: [UInt8]) throws -> [UInt8] {
    let data = try image.pngData()
    func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    let body = Array(type.utf8) + content
    return Array(data[..<33]) + number(UInt32(content.count)) + body + number(crc32(body)) + data[33...]
  }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }

  @Test func codedPrimariesAreConverted() throws {
    let image = try Image(width: 1, height: 1, channels: 3, pixels: [200, 60, 40])
    let (converted, metadata) = try Image.decode(try png(image, "cICP", [12, 13, 0, 1]))
    // By the matrices of SMPTE EG 432-1 and IEC 61966-2-1.
    for (value, expected) in zip(converted.pixels, [217, 42, 23]) { #expect(abs(Int(value) - expected) <= 2) }
    #expect(metadata.notes == [.convertedColors])
    let plain = try Image.decode(try png(image, "cICP", [1, 13, 0, 1]))
    #expect(plain.image == image && plain.metadata.notes.isEmpty)
    // PQ, which shows more light than sRGB has.
    let wide = try Image.decode(try png(image, "cICP", [9, 16, 0, 1]))
    #expect(wide.image == image && wide.metadata.notes == [.unusableProfile])
    let grey = try Image(width: 1, height: 1, channels: 1, pixels: [99])
    #expect(try Image.decode(try png(grey, "cICP", [12, 13, 0, 1])).metadata.notes.isEmpty)
  }

  @Test func severalPicturesAreNoted() throws {
    let image = try Image(width: 1, height: 1, channels: 3, pixels: [200, 60, 40])
    #expect(try Image.decode(try png(image, "acTL", [0, 0, 0, 2, 0, 0, 0, 0])).metadata.notes == [.firstOfSeveral])
    #expect(try Image.decode(try png(image, "acTL", [0, 0, 0, 1, 0, 0, 0, 0])).metadata.notes.isEmpty)
    // An index of pictures: the first, a small copy of it or another view.
    for (kind, isNoted) in [(UInt8(1), false), (2, true), (0, true)] {
      let index: [UInt8] =
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x02, 0xB0, 7, 0, 32, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]
        + [0, 0, 3, 0x20] + [UInt8](repeating: 0, count: 12) + [0, 0, kind, 0] + [UInt8](repeating: 0, count: 12)
      let content = Array("MPF\0".utf8) + index
      let data = try image.jpegData()
      let file = Array(data[..<2]) + [0xFF, 0xE2, 0, UInt8(content.count + 2)] + content + data[2...]
      #expect(try Image.decode(file).metadata.notes == (isNoted ? [.firstOfSeveral] : []))
    }
  }

  @Test func resolutionIsKept() throws {
    let (sketch, metadata) = try load("sketch-dpi.png")
    let resolution = try #require(metadata.resolution)
    #expect(abs(resolution.horizontal - 300) < 0.01 && resolution.vertical == resolution.horizontal)
    for (name, tolerance) in [("a.png", 0.02), ("a.jpg", 0.5)] {
      let folder = try TemporaryFolder()
      try sketch.write(to: folder.file(name), resolution: resolution)
      let again = try #require(try Image.loadWithMetadata(folder.file(name)).metadata.resolution)
      #expect(abs(again.horizontal - 300) < tolerance)
    }
    #expect(try Image.decode(sketch.pngData()).metadata.resolution == nil)
    let half = resolution.scaled(
      from: ImageSize(width: 256, height: 256), to: ImageSize(width: 128, height: 256))
    #expect(half?.horizontal == resolution.horizontal / 2 && half?.vertical == resolution.vertical)
    #expect(ImageResolution(horizontal: .nan, vertical: 300) == nil)
    #expect(ImageResolution(horizontal: 300, vertical: 1e9) == nil)
  }

  @Test func aMissingEndMarkerIsNoted() throws {
    let (image, metadata) = try load("j-trunc-eoi.jpg")
    #expect(metadata.notes == [.missingEnd])
    let data = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: Self.metadataFixture("j-trunc-eoi.jpg"))))
    #expect(try Image(data: data + [0xFF, 0xD9]) == image)
    // More than the marker is missing: pixels are.
    #expect(throws: ImageError.self) { try Image(data: Array(data.dropLast(40))) }
  }

  @Test(arguments: ["photo.jpg", "photo-progressive.jpg", "photo-grey.jpg", "photo-cmyk.jpg"])
  func wholePixelsOrNone(name: String) throws {
    let data = try ImageFixtures.bytes(name)
    let whole = try Image(data: data)
    #expect(try Image.decode(Array(data.dropLast(2))).metadata.notes.contains(.missingEnd))
    for length in 1..<data.count {
      guard let image = try? Image(data: Array(data.prefix(length))) else { continue }
      #expect(image == whole, "\(length) of \(data.count)")
    }
  }

  @Test func pointersAreNoPictures() {
    let text = Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n".utf8)
    let error = imageError { () throws(ImageError) in _ = try Image(data: text, file: "lfs.png") }
    #expect(error?.description.contains("git lfs pull") == true)
  }

  @Test func damagedProfilesAreNoted() throws {
    let path = Self.metadataFixture("ref-adobergb.png")
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let start = try #require(data.indices.first { data[$0...].starts(with: Array("iCCP".utf8)) })
    var damaged = data
    // Within the compressed profile: its check sum is wrong, and so is the chunk's.
    for index in start + 60..<start + 90 { damaged[index] ^= 0x55 }
    let (image, metadata) = try Image.decode(damaged)
    #expect(metadata.notes == [.unusableProfile])
    #expect(image.width == 256)
  }

  @Test func cutOutsKeepTheirAlpha() throws {
    let cut = try Image(width: 2, height: 1, channels: 4, pixels: [1, 2, 3, 255, 4, 5, 6, 0])
    let result = try Image(width: 2, height: 1, channels: 3, pixels: [10, 20, 30, 40, 50, 60])
    #expect(try result.withAlpha(of: cut).pixels == [10, 20, 30, 255, 40, 50, 60, 0])
    #expect(throws: ImageError.self) { try result.withAlpha(of: result) }
    #expect(try result.resized(width: 4, height: 4).withAlpha(of: cut).hasTransparency)
  }
}
