// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import LayeredPictures
import PictureFormats
import TestSupport
import Testing

@Suite struct FormatWritingTests {
  private func picture(_ channels: Int) throws -> Image {
    var random = SplitMix64(state: 5)
    let pixels = (0..<31 * 17 * channels).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try Image(width: 31, height: 17, channels: channels, pixels: pixels)
  }

  @Test(arguments: ["tif", "tiff", "webp", "tga", "png"], [1, 3, 4])
  func whatIsWrittenIsRead(ending: String, channels: Int) throws {
    PictureFormats.register()
    let folder = try TemporaryFolder()
    let image = try picture(channels)
    try image.write(to: folder.file("picture.\(ending)"))
    let read = try Image.load(folder.file("picture.\(ending)"))
    // WebP has no grey.
    #expect(read == (ending == "webp" && channels == 1 ? image.composited() : image))
  }

  @Test(arguments: ["tif", "png"], [1, 3, 4])
  func sixteenBitsAreTheSamePicture(ending: String, channels: Int) throws {
    PictureFormats.register()
    let folder = try TemporaryFolder()
    let image = try picture(channels)
    try image.write(to: folder.file("picture.\(ending)"), bitsPerSample: 16)
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("picture.\(ending)"))))
    // The bit depth of a PNG stands in its header.
    if ending == "png" { #expect(data[24] == 16) }
    #expect(data.count > image.pixels.count)
    #expect(try Image(data: data) == image)
  }

  @Test func formatsWithoutSixteenBitsSaySo() throws {
    PictureFormats.register()
    let image = try picture(3)
    for format in [ImageFormat.jpeg, .webP, .tga] {
      #expect { try image.data(as: format, ImageEncoding(bitsPerSample: 16)) } throws: { error in
        if case .invalidValue = error as? ImageError { true } else { false }
      }
    }
  }

  @Test func documentsOfLayersAreNotWrittenAsPictures() throws {
    PictureFormats.register()
    let image = try picture(3)
    #expect { try image.data(as: .photoshop) } throws: { error in
      if case .encodingFailed = error as? ImageError { true } else { false }
    }
    #expect { try image.write(to: "/nowhere/picture.psd") } throws: { error in
      guard case .unsupportedExtension = error as? ImageError else { return false }
      return "\(error)".contains(".webp")
    }
  }

  @Test func resolutionIsKeptInTIFF() throws {
    PictureFormats.register()
    let resolution = try #require(ImageResolution(horizontal: 300, vertical: 200))
    let data = try picture(3).data(as: .tiff, ImageEncoding(resolution: resolution))
    #expect(try Image.decode(data).metadata.resolution == resolution)
  }

  @Test func sidesBeyondWebPAreRefused() throws {
    PictureFormats.register()
    let image = try Image(width: 16_384, height: 1, color: [0])
    #expect { try image.data(as: .webP) } throws: { error in
      if case .encodingFailed(.webP, _) = error as? ImageError { true } else { false }
    }
  }

  /// What the library's own writers of layers merge is what is read.
  @Test(arguments: LayeredFormat.allCases)
  func mergedPicturesOfWrittenLayersAreRead(format: LayeredFormat) throws {
    PictureFormats.register()
    let base = try picture(3)
    let over = try picture(4)
    for layers in [[Layer.image(name: "below", base)], []] {
      let document = try LayeredPicture(
        width: 31, height: 17, layers: layers + [Layer.image(name: "above", over)])
      let merged = try document.merged()
      let read = try Image(data: document.data(as: format))
      #expect((read.width, read.height, read.channels) == (31, 17, merged.channels))
      for pixel in 0..<31 * 17 {
        let alpha = merged.channels == 4 ? Int(merged.pixels[4 * pixel + 3]) : 255
        for channel in 0..<merged.channels {
          let index = merged.channels * pixel + channel
          let difference = abs(Int(read.pixels[index]) - Int(merged.pixels[index]))
          // Photoshop keeps colours composed over white, rounded: at alpha a half a step is 127.5 / a of a colour.
          let tolerance = format == .photoshop && channel < 3 ? (alpha == 0 ? 255 : 128 / alpha + 1) : 0
          #expect(difference <= (alpha == 255 ? 0 : tolerance))
        }
      }
    }
  }
}
