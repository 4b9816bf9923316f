// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// Files that are cut off or damaged: an error, never a crash, never pixels made up.
@Suite struct DamagedImageTests {
  @Test(arguments: [
    "rgb8.png", "palette4-trns-interlaced.png", "grey16.png", "many-idat.png", "texts.png", "photo.jpg",
    "photo-progressive.jpg", "photo-grey.jpg", "photo-cmyk.jpg", "orientation-6.jpg",
  ])
  func everyPrefixIsRefused(name: String) throws {
    let data = try ImageFixtures.bytes(name)
    // Of a JPEG file the two bytes of the end marker may be missing: ``ImageMetadataTests``.
    for length in 0..<data.count - (name.hasSuffix(".jpg") ? 2 : 0) {
      let error = imageError { () throws(ImageError) in _ = try Image(data: Array(data.prefix(length)), file: "x") }
      switch error {
      case .truncated(file: "x", _, _)?: #expect(length > 0)
      case .empty(file: "x")?: #expect(length == 0)
      default: Issue.record("\(name), \(length) of \(data.count) bytes: \(error?.description ?? "no error")")
      }
    }
  }

  @Test func everyPrefixIsRefusedForItsTexts() throws {
    let data = try ImageFixtures.bytes("texts.png")
    for length in 0..<data.count {
      #expect(throws: ImageError.self) { try PNGText.read(Array(data.prefix(length))) }
    }
  }

  @Test(arguments: ImageFixtures.names)
  func damageNeverCrashes(name: String) throws {
    let data = try ImageFixtures.bytes(name)
    var random = SplitMix64(state: UInt64(name.utf8.count) &* 7919 &+ UInt64(data.count))
    for round in 0..<150 {
      var damaged = data
      for _ in 0...(round % 4) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let image = try? Image(data: damaged) {
        #expect(image.pixels.count == image.width * image.height * image.channels)
      }
      _ = try? PNGText.read(damaged)
    }
  }

  @Test(arguments: ["photo.jpg", "photo-progressive.jpg", "photo-cmyk.jpg", "orientation-3.jpg"])
  func damagedJPEGHeadersNeverCrash(name: String) throws {
    let data = try ImageFixtures.bytes(name)
    let telling: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
    var random = SplitMix64(state: 42)
    for _ in 0..<600 {
      var damaged = data
      for _ in 0..<3 {
        damaged[Int.random(in: 2..<min(220, data.count), using: &random)] = telling.randomElement(using: &random) ?? 0
      }
      _ = try? Image(data: damaged)
    }
  }

  @Test func noiseNeverCrashes() {
    var random = SplitMix64(state: 1)
    let signatures: [[UInt8]] = [
      [], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE1, 0, 40],
    ]
    for round in 0..<2000 {
      let data = signatures[round % signatures.count] + random.bytes(round % 300)
      #expect(throws: ImageError.self) { try Image(data: data) }
    }
  }

  @Test func damageIsCalledDamage() throws {
    var png = try ImageFixtures.bytes("rgb8.png")
    png[png.count - 14] ^= 0x40
    let error = imageError { () throws(ImageError) in _ = try Image(data: png, file: "drawing.png") }
    #expect(
      error?.description
        == "drawing.png: the PNG data is damaged (IDAT: CRC error). Export the image again.")
    var jpeg = try ImageFixtures.bytes("photo.jpg")
    jpeg[3] = 0xC3  // a process that is not supported
    let refusal = imageError { () throws(ImageError) in _ = try Image(data: jpeg) }
    guard case .corrupt(file: nil, format: .jpeg, _)? = refusal else {
      Issue.record("a broken header must be called damage")
      return
    }
  }

  @Test func truncationNamesTheFile() throws {
    let data = try ImageFixtures.bytes("photo.jpg")
    let error = imageError { () throws(ImageError) in _ = try Image(data: Array(data.dropLast(40)), file: "scan.jpg") }
    #expect(
      error?.description
        == "scan.jpg: the JPEG data is cut off (Premature end of JPEG file). Copy or download the image again.")
    let png = try ImageFixtures.bytes("rgb8.png")
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: Array(png.dropLast(1)), file: "scan.png") }?.description
        == "scan.png: the PNG data is cut off (the data ends early). Copy or download the image again.")
  }
}
