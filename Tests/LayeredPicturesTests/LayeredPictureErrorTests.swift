// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing

struct LayeredPictureErrorTests {
  private static func dot() throws -> Image { try Image(width: 1, height: 1, color: [1, 2, 3]) }

  @Test func canvasesOutsideOfTheLimitsAreRefused() throws {
    let layers = [Layer.image(name: "", try Self.dot())]
    for (width, height) in [(0, 1), (1, 0), (-1, 1), (16_385, 1), (1, .max), (.max, .max), (.min, 5), (16_384, 16_384)]
    {
      #expect(throws: LayeredPictureError.self) { try LayeredPicture(width: width, height: height, layers: layers) }
    }
    for resolution in [0, -1, .nan, .infinity, 40_000, 0.5] {
      #expect(throws: LayeredPictureError.self) {
        try LayeredPicture(width: 1, height: 1, resolution: resolution, layers: layers)
      }
    }
    #expect(throws: LayeredPictureError.self) { try LayeredPicture(width: 1, height: 1, layers: []) }
  }

  @Test func layersOutsideOfTheLimitsAreRefused() throws {
    for opacity in [-0.1, 1.1, .nan, .infinity] {
      let layer = Layer.image(name: "", try Self.dot(), opacity: opacity)
      #expect(throws: LayeredPictureError.self) {
        try LayeredPicture(width: 1, height: 1, layers: [.group(name: "", [layer])])
      }
    }
    for place in [Int.min, -200_000, 200_000, .max] {
      let layer = Layer.image(name: "", try Self.dot(), x: place)
      #expect(throws: LayeredPictureError.self) { try LayeredPicture(width: 1, height: 1, layers: [layer]) }
      #expect(throws: LayeredPictureError.self) { try Coverage(LayerBox(x: 0, y: place, width: 1, height: 1)) }
    }
    #expect(throws: LayeredPictureError.self) { try Coverage(LayerBox(width: .max, height: 1)) }
    var nested = Layer.group(name: "", [])
    for _ in 1..<LayeredPicture.maximumDepth { nested = .group(name: "", [nested]) }
    let deepest = try LayeredPicture(width: 1, height: 1, layers: [nested])
    for format in LayeredFormat.allCases { _ = try deepest.data(as: format) }
    #expect(throws: LayeredPictureError.self) {
      try LayeredPicture(width: 1, height: 1, layers: [.group(name: "", [nested])])
    }
  }

  @Test func tooManyLayersForPhotoshopAreRefused() throws {
    let layer = Layer.group(name: "", [])
    let picture = try LayeredPicture(width: 1, height: 1, layers: Array(repeating: layer, count: 4_001))
    let error = #expect(throws: LayeredPictureError.self) { try picture.data(as: .photoshop) }
    #expect(error?.description.contains("8002 layers, where a Photoshop document has at most 8000") == true)
    #expect(try OpenRasterReader(try picture.data(as: .openRaster)).layers.count == 4_001)
    #expect(throws: LayeredPictureError.self) {
      try LayeredPicture(width: 1, height: 1, layers: Array(repeating: layer, count: 30_001))
    }
  }

  @Test func extensionsDecide() throws {
    #expect(try LayeredFormat(pathExtensionOf: "a/b.c/x.ORA") == .openRaster)
    #expect(try LayeredFormat(pathExtensionOf: "x.y.psd") == .photoshop)
    for path in ["", "x", "x.png", ".psd", "a.ora/x", "psd", "a/.ora", "x.psb"] {
      #expect(throws: LayeredPictureError.unsupportedExtension(file: path)) { try LayeredFormat(pathExtensionOf: path) }
    }
  }

  @Test func aFailureLeavesTheOldFile() async throws {
    let folder = try TemporaryFolder()
    let picture = try LayeredPicture(width: 1, height: 1, layers: [.image(name: "", try Self.dot())])
    #expect(throws: ImageError.self) { try picture.write(to: folder.file("missing/x.psd")) }

    let path = folder.file("x.psd")
    try FileBytes.write([1, 2, 3], to: path)
    let many = try LayeredPicture(
      width: 1, height: 1, layers: Array(repeating: Layer.group(name: "", []), count: 4_001))
    #expect(throws: LayeredPictureError.self) { try many.write(to: path) }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try picture.write(to: path)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try FileBytes.read(path) == [1, 2, 3])
    #expect(folder.contents == ["x.psd"])
  }

  @Test func namesXMLDoesNotAllowAreReplaced() throws {
    let names = ["a\u{0}b", "\u{FFFE}", "\u{1F}", "tail\u{FFFF}"]
    let layers = try names.map { Layer.image(name: $0, try Self.dot()) }
    let read = try OpenRasterReader(try LayeredPicture(width: 1, height: 1, layers: layers).data(as: .openRaster))
    #expect(read.layers.map(\.name) == ["a\u{FFFD}b", "\u{FFFD}", "\u{FFFD}", "tail\u{FFFD}"])
  }

  @Test func longNamesEndWithAWholeCharacter() throws {
    let name = String(repeating: "👩🏽‍🎨", count: 60)
    let picture = try LayeredPicture(width: 1, height: 1, layers: [.image(name: name, try Self.dot())])
    // 255 units hold 36 of seven.
    #expect(try PhotoshopReader(try picture.data(as: .photoshop)).layers[0].name == String(name.prefix(36)))
    #expect(try OpenRasterReader(try picture.data(as: .openRaster)).layers[0].name == name)
  }

  @Test func opacityEndsAndRounding() throws {
    let opacities: [(Double, UInt8)] = [
      (0, 0), (-0.0, 0), (1, 255), (0.5, 128), (0.001, 0), (0.999, 255), (.leastNonzeroMagnitude, 0),
    ]
    let layers = try opacities.map { Layer.image(name: "", try Self.dot(), opacity: $0.0) }
    let picture = try LayeredPicture(width: 1, height: 1, layers: layers)
    #expect(try PhotoshopReader(try picture.data(as: .photoshop)).layers.map(\.opacity) == opacities.map(\.1))
    #expect(try OpenRasterReader(try picture.data(as: .openRaster)).layers.map(\.opacity) == opacities.map(\.1))
  }
}
