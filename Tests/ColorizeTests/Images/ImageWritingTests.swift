// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing
import TestSupport

@Suite struct ImageWritingTests {
  private func noise(_ width: Int, _ height: Int, _ channels: Int) throws -> Image {
    var random = SplitMix64(state: UInt64(width + height + channels))
    return try Image(
      width: width, height: height, channels: channels, pixels: random.bytes(width * height * channels))
  }

  @Test(arguments: [1, 3, 4], [(1, 1), (7, 5), (1, 300), (300, 1), (257, 193)])
  func pngRoundTripsExactly(channels: Int, size: (Int, Int)) throws {
    let image = try noise(size.0, size.1, channels)
    #expect(try Image(data: image.pngData()) == image)
  }

  @Test func jpegStaysClose() throws {
    let photo = try ImageFixtures.expected("photo-444.jpg")
    #expect(largestDifference(try Image(data: photo.jpegData(quality: 100)), photo) <= 3)
    #expect(largestDifference(try Image(data: photo.jpegData()), photo) <= 24)
    #expect(largestDifference(try Image(data: photo.grey.jpegData(quality: 100)), photo.grey) <= 2)
    #expect(try photo.jpegData(quality: 1).count < photo.jpegData(quality: 100).count)
    // More than the encoder's first buffer holds.
    let large = try noise(300, 250, 3)
    #expect(try Image(data: large.jpegData(quality: 100)).width == 300)
  }

  @Test func jpegHasNoTransparency() throws {
    let clear = try Image(width: 8, height: 8, color: [0, 0, 0, 0])
    #expect(try Image(data: clear.jpegData()).pixels.allSatisfy { $0 >= 254 })
    #expect(try Image(data: clear.jpegData(background: (0, 0, 0))).pixels.allSatisfy { $0 <= 1 })
  }

  @Test(arguments: [0, -1, 101, Int.max, Int.min])
  func refusesQualities(quality: Int) throws {
    let image = try noise(1, 1, 3)
    #expect(
      imageError { () throws(ImageError) in _ = try image.jpegData(quality: quality) }?.description
        == "The JPEG quality is 1 to 100, not \(quality).")
  }

  @Test func textsRoundTrip() throws {
    let texts: [(key: String, value: String)] = [
      ("Software", "irodori"), ("Title", "café ÿ \u{A0}"), ("Author", "色鳥 🎨"), ("Empty", ""),
      ("Settings", "{\n  \"seed\": 1\n}"), ("Tabs", "a\tb\r\nc"), ("Author", "a second one"),
      (String(repeating: "k", count: 79), String(repeating: "long ", count: 20_000)), ("Clé", "x"),
    ]
    let image = try noise(9, 9, 4)
    let data = try image.pngData(text: texts)
    #expect(try Image(data: data) == image)
    let read = try PNGText.read(data)
    #expect(read.map(\.key) == texts.map(\.key))
    #expect(read.map { Array($0.value.utf8) } == texts.map { Array($0.value.utf8) })
    #expect(Data(data).range(of: Data("tEXtTitle\0caf\u{E9}".unicodeScalars.map { UInt8($0.value) })) != nil)
    #expect(Data(data).range(of: Data("iTXtAuthor\0".utf8)) != nil)
  }

  @Test func readsTextsOfOthers() throws {
    let texts = try PNGText.read(path: ImageFixtures.path("texts.png"))
    #expect(texts.map(\.key) == ["Title", "Packed", "Author", "PackedToo", "Late"])
    #expect(
      texts.map(\.value) == [
        "café\nline two", String(repeating: "x", count: 500), "絵師", String(repeating: "色", count: 200),
        "after the pixels",
      ])
    #expect(try PNGText.read(ImageFixtures.bytes("rgb8.png")).isEmpty)
    #expect(throws: ImageError.self) { try PNGText.read(path: ImageFixtures.path("photo.jpg")) }
  }

  @Test(arguments: ["", " a", "a ", "a  b", "a\nb", "色", "a\u{A0}b", "a\0", String(repeating: "k", count: 80)])
  func refusesKeys(key: String) throws {
    let image = try noise(1, 1, 1)
    guard case .invalidText? = imageError({ () throws(ImageError) in _ = try image.pngData(text: [(key, "v")]) }) else {
      Issue.record("the key must be refused")
      return
    }
  }

  @Test func refusesValues() throws {
    let image = try noise(1, 1, 1)
    #expect(
      imageError { () throws(ImageError) in _ = try image.pngData(text: [("k", "a\0b")]) }?.description
        == "The PNG text \"k\" holds a zero character.")
    let largest = String(repeating: "a", count: PNGText.maximumValueSize)
    #expect(throws: ImageError.self) { try image.pngData(text: [("k", largest + "a")]) }
    let large = [("k", largest), ("u", String(largest.dropLast(3)) + "色")]
    #expect(try PNGText.read(image.pngData(text: large)).count == 2)
    let many = [(key: String, value: String)](repeating: ("k", "v"), count: 500)
    #expect(try PNGText.read(image.pngData(text: many)).count == 500)
    #expect(throws: ImageError.self) { try image.pngData(text: many + many) }
  }

  @Test func theExtensionChoosesTheFormat() throws {
    let folder = try TemporaryFolder()
    let image = try noise(5, 4, 3)
    for name in ["a.png", "b.PNG", "c.d.png"] {
      try image.write(to: folder.file(name), text: [("k", "v")])
      #expect(try Image.load(folder.file(name)) == image)
      #expect(try PNGText.read(path: folder.file(name)).count == 1)
    }
    for name in ["a.jpg", "b.jpeg", "c.JPeG"] {
      try image.write(to: folder.file(name))
      #expect(try folder.bytes(of: name).starts(with: [0xFF, 0xD8, 0xFF]))
    }
    #expect(folder.contents == ["a.jpg", "a.png", "b.PNG", "b.jpeg", "c.JPeG", "c.d.png"].sorted())
  }

  @Test func refusesOtherExtensions() throws {
    let image = try noise(1, 1, 1)
    // Other tests of the process register further formats.
    func error(_ path: String) -> String? {
      ImageCodecRegistry.$shared.withValue(ImageCodecRegistry()) {
        imageError { () throws(ImageError) in try image.write(to: path) }?.description
      }
    }
    for path in ["out.webp", "out.png.tiff"] {
      let found = path.split(separator: ".").last.map(String.init) ?? ""
      #expect(
        error(path)
          == "\(path): images are not written as .\(found). Use .png, .jpg or .jpeg.")
    }
    for path in ["out", "folder.png/out", ".png", "out.", "", "a.png/"] {
      #expect(
        error(path)
          == "\(path): the name has no extension to choose an image format by. Use .png, .jpg or .jpeg.")
    }
  }

  @Test func imagesAreWrittenAtomically() throws {
    let folder = try TemporaryFolder()
    let image = try Image(width: 2, height: 2, color: [1, 2, 3])
    try image.write(to: folder.file("a.png"))
    // Encoding fails before the file is touched.
    #expect(throws: ImageError.self) { try image.write(to: folder.file("a.png"), text: [("", "v")]) }
    #expect(try Image.load(folder.file("a.png")) == image)
    #expect(folder.contents == ["a.png"])
    #expect(
      throws: ImageError.unwritable(
        file: folder.path + "/none/a.png", reason: "its folder does not exist. Create the folder first")
    ) {
      try image.write(to: folder.file("none/a.png"))
    }
  }
}
