// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing

/// What the files hold, read back by readers that have no code in common with the writers.
struct LayeredFileTests {
  @Test(arguments: try TestPicture.all())
  func photoshopDocumentHoldsEveryLayer(_ test: TestPicture) throws {
    let read = try PhotoshopReader(try test.picture().data(as: .photoshop))
    #expect(read.width == test.width && read.height == test.height)
    #expect(abs(read.resolution - (test.resolution ?? 72)) < 1e-4)
    try Self.compare(read.layers, test.layers, in: test) { $0.photoshopName }
    let merged = try test.picture().merged()
    #expect(read.channels == merged.channels)
    #expect((read.layerCount < 0) == (merged.channels == 4))
    for pixel in 0..<merged.width * merged.height {
      let stored = Array(read.merged[pixel * merged.channels..<(pixel + 1) * merged.channels])
      var expected = Array(merged.pixels[pixel * merged.channels..<(pixel + 1) * merged.channels])
      if merged.channels == 4 {
        // The format keeps colours composed over white.
        let alpha = Double(expected[3])
        for channel in 0..<3 {
          expected[channel] = UInt8((Double(expected[channel]) * alpha / 255 + 255 - alpha).rounded())
        }
      }
      try #require(stored == expected, "pixel \(pixel)")
    }
  }

  @Test(arguments: try TestPicture.all())
  func openRasterFileHoldsEveryLayer(_ test: TestPicture) throws {
    let picture = try test.picture()
    let read = try OpenRasterReader(try picture.data(as: .openRaster))
    #expect(read.files.first?.name == "mimetype")
    #expect(try read.file("mimetype") == Array("image/openraster".utf8))
    #expect(read.files.first?.isStored == true)
    #expect(read.width == test.width && read.height == test.height)
    #expect(read.resolution == Int((test.resolution ?? 72).rounded()))
    try Self.compare(read.layers, test.layers, in: test) { $0.openRasterName }
    let merged = try Image(data: try read.file("mergedimage.png"))
    #expect(try merged == picture.merged())
    let thumbnail = try Image(data: try read.file("Thumbnails/thumbnail.png"))
    #expect(max(thumbnail.width, thumbnail.height) == min(256, max(test.width, test.height)))
  }

  @Test func bytesAreTheSameEveryTimeAndInAFile() throws {
    let folder = try TemporaryFolder()
    let picture = try TestPicture.groups().picture()
    for format in LayeredFormat.allCases {
      let path = folder.file("picture.\(format.pathExtension)")
      try picture.write(to: path)
      #expect(try FileBytes.read(path) == picture.data(as: format))
      #expect(try picture.data(as: format) == picture.data(as: format))
    }
    #expect(folder.contents == ["picture.ora", "picture.psd"])
  }

  private static func compare(
    _ read: [ReadLayer], _ expected: [ExpectedLayer], in test: TestPicture, name: (BlendMode) -> String
  ) throws {
    try #require(read.count == expected.count)
    for (found, wanted) in zip(read, expected) {
      #expect(found.name == wanted.name)
      #expect(found.opacity == wanted.opacity)
      #expect(found.mode == name(wanted.mode))
      #expect(found.isVisible == wanted.isVisible)
      #expect(found.isLocked == wanted.isLocked)
      try #require((found.children == nil) == (wanted.image != nil))
      try compare(found.children ?? [], wanted.children, in: test, name: name)
      try comparePixels(found, wanted, in: test)
    }
  }

  /// Everywhere on the canvas and around it; colours only where something is seen.
  private static func comparePixels(_ found: ReadLayer, _ wanted: ExpectedLayer, in test: TestPicture) throws {
    guard let image = wanted.image else { return }
    for y in min(0, wanted.y)..<max(test.height, wanted.y + image.height) {
      for x in min(0, wanted.x)..<max(test.width, wanted.x + image.width) {
        var expected: [UInt8] = [0, 0, 0, 0]
        if (0..<image.width).contains(x - wanted.x), (0..<image.height).contains(y - wanted.y) {
          let start = ((y - wanted.y) * image.width + x - wanted.x) * image.channels
          let samples = Array(image.pixels[start..<start + image.channels])
          expected =
            samples.count == 4
            ? samples : samples.count == 3 ? samples + [255] : [samples[0], samples[0], samples[0], 255]
        }
        let pixel = found.pixel(x, y)
        if expected[3] == 0 {
          try #require(pixel[3] == 0, "\(wanted.name) at \(x), \(y)")
        } else {
          try #require(pixel == expected, "\(wanted.name) at \(x), \(y)")
        }
      }
    }
  }
}

extension BlendMode {
  // Not asked of the library, so that a wrong word in it is noticed.
  var photoshopName: String {
    let names = ["norm", "mul ", "scrn", "over", "dark", "lite", "div ", "idiv", "hLit", "diff"]
    return names[Self.allCases.firstIndex(of: self) ?? 0]
  }

  var openRasterName: String {
    let names = [
      "src-over", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
      "difference",
    ]
    return "svg:" + names[Self.allCases.firstIndex(of: self) ?? 0]
  }
}
