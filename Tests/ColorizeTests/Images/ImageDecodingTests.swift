// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite struct ImageDecodingTests {
  @Test func fixturesAreThere() {
    #expect(ImageFixtures.names.count == 72)
  }

  @Test(arguments: ImageFixtures.names)
  func decodesToTheExpectedPixels(name: String) throws {
    let image = try Image.load(ImageFixtures.path(name))
    let expected = try ImageFixtures.expected(name)
    // The inverse cosine transform and the upsampling of another libjpeg may differ in the last bit.
    let tolerance = name.hasSuffix(".png") ? 0 : 2
    #expect(largestDifference(image, expected) <= tolerance)
  }

  @Test(arguments: 1...8)
  func standsUpright(orientation: Int) throws {
    let upright = try Image.load(ImageFixtures.path("orientation-1.jpg"))
    let image = try Image.load(ImageFixtures.path("orientation-\(orientation).jpg"))
    #expect((image.width, image.height) == (orientation < 5 ? (12, 8) : (8, 12)))
    #expect((image == upright) == (orientation == 1))
    #expect(largestDifference(image, try ImageFixtures.expected("orientation-\(orientation).jpg")) <= 2)
  }

  @Test func theContentDecidesNotTheName() throws {
    let folder = try TemporaryFolder()
    try folder.put(ImageFixtures.bytes("photo.jpg"), as: "photo.png")
    #expect(try Image.load(folder.file("photo.png")) == Image(data: ImageFixtures.bytes("photo.jpg")))
  }

  /// Rewrites the first EXIF segment's bytes, found behind its signature.
  private func patchedEXIF(_ edit: (inout [UInt8], _ tiff: Int) -> Void) throws -> [UInt8] {
    var data = try ImageFixtures.bytes("orientation-6.jpg")
    let tiff = try #require(Data(data).range(of: Data("Exif\0\0".utf8))?.upperBound)
    edit(&data, tiff)
    return data
  }

  @Test func readsOrientationsOfBothByteOrders() throws {
    let short: [UInt8] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
    let long: [UInt8] = [0x01, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6]
    for entry in [short, long] {
      let big: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1] + entry
      let little: [UInt8] =
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, entry[3], 0, 1, 0, 0, 0, 6, 0, 0, 0]
      for block in [big, little] {
        let data = try patchedEXIF { data, tiff in data.replaceSubrange(tiff..<tiff + block.count, with: block) }
        #expect(try Image(data: data).height == 12)
      }
    }
  }

  @Test func ignoresOrientationsThatMakeNoSense() throws {
    let blocks: [[UInt8]] = [
      [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0],  // no such orientation
      [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0],
      [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 2, 0, 0, 0, 1, 0, 6, 0, 0],  // a string
      [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 4, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x4D, 0x4D, 0, 42, 0xFF, 0xFF, 0xFF, 0xFF],  // the directory lies outside
      [0x4D, 0x4D, 0, 42, 0x7F, 0xFF, 0xFF, 0xFF],
      [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 70),  // more entries than there are
      [0x4D, 0x4D, 0, 43, 0, 0, 0, 8],
      [0x58, 0x58, 0, 42, 0, 0, 0, 8],
    ]
    for block in blocks {
      let data = try patchedEXIF { data, tiff in data.replaceSubrange(tiff..<tiff + block.count, with: block) }
      #expect(try Image(data: data).height == 8)
    }
  }

  @Test func refusesPNGsThatClaimTooMuch() throws {
    func header(_ width: UInt32, _ height: UInt32) -> [UInt8] {
      func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
      func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(kind.utf8) + body
        return bytes(UInt32(body.count)) + content + bytes(crc32(content))
      }
      return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + chunk("IHDR", bytes(width) + bytes(height) + [8, 6, 0, 0, 0]) + chunk("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1])
        + chunk("IEND", [])
    }
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: header(16_385, 1), file: "a.png") }
        == .tooLarge(file: "a.png", reason: "16385 x 1 pixels, where a side has at most 16384"))
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: header(16_384, 4_097)) }?.description
        == "the image data: too large: 16384 x 4097 pixels, where an image has at most 67108864. Make it smaller.")
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: header(0x7FFF_FFFF, 0x7FFF_FFFF)) } != nil)
    // Within the limits, but no stream of this length can hold it: refused before 256 MiB are allocated.
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: header(16_384, 4_096)) }
        == .truncated(file: nil, format: .png, reason: "the data is too short for an image of this size"))
    #expect(imageError { () throws(ImageError) in _ = try Image(data: header(0, 1)) } != nil)
    #expect(imageError { () throws(ImageError) in _ = try Image(data: header(1, 1)) } != nil)
  }

  @Test func refusesJPEGsThatClaimTooMuch() throws {
    var data = try ImageFixtures.bytes("photo-grey.jpg")
    let frame = try #require(Data(data).range(of: Data([0xFF, 0xC0, 0x00]))?.lowerBound)
    data.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0x01, 0x00, 0x10])
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: data, file: "a.jpg") }?.description
        == "a.jpg: too large: 16 x 16385 pixels, where a side has at most 16384. Make it smaller.")
    data.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0x00, 0x40, 0x00])
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: data) }
        == .tooLarge(file: nil, reason: "16384 x 16384 pixels, where an image has at most 67108864"))
    data.replaceSubrange(frame + 5..<frame + 9, with: [0x10, 0x00, 0x10, 0x00])
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: data) }
        == .corrupt(file: nil, format: .jpeg, reason: "Corrupt JPEG data: premature end of data segment"))
  }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
