// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct MaskTests {
  @Test func whiteIsOne() throws {
    let grey = try Image(width: 3, height: 1, channels: 1, pixels: [0, 51, 255])
    #expect(Mask(grey).values == [0, 0.2, 1])
    #expect((Mask(grey).width, Mask(grey).height) == (3, 1))
    let rgb = try Image(width: 2, height: 1, channels: 3, pixels: [255, 255, 255, 255, 0, 0])
    #expect(Mask(rgb).values == [1, 76.0 / 255])
    #expect(Mask(grey).image == grey)
  }

  @Test func transparencyIsTheMask() throws {
    let cutOut = try Image(width: 2, height: 1, channels: 4, pixels: [0, 0, 0, 255, 255, 255, 255, 0])
    #expect(Mask(cutOut).values == [1, 0])
    #expect(try Mask(alphaOf: cutOut).values == [1, 0])
    let opaque = try Image(width: 2, height: 1, channels: 4, pixels: [0, 0, 0, 255, 255, 255, 255, 255])
    #expect(Mask(opaque).values == [0, 1])
  }

  @Test func anAlphaMaskNeedsTransparency() throws {
    let rgb = try Image(width: 1, height: 1, color: [0, 0, 0])
    #expect(
      imageError { () throws(ImageError) in _ = try Mask(alphaOf: rgb) }?.description
        == "The image has no alpha channel to take a mask from. Save it as PNG with transparency, or give a mask.")
    let opaque = try Image(width: 1, height: 1, color: [0, 0, 0, 255])
    #expect(
      imageError { () throws(ImageError) in _ = try Mask(alphaOf: opaque) }?.description
        == "The image is opaque everywhere, so its alpha channel is no mask. Erase its background, or give a mask.")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, -0.01, 1.01])
  func refusesValues(value: Float) {
    #expect(
      imageError { () throws(ImageError) in _ = try Mask(width: 2, height: 2, values: [0, 1, 0.5, value]) }?.description
        == "The mask has the value \(value) at column 1, row 1, where 0 to 1 is expected.")
  }

  @Test func refusesShapes() {
    #expect(throws: ImageError.self) { try Mask(width: 2, height: 2, values: [0]) }
    #expect(throws: ImageError.self) { try Mask(width: 0, height: 2, values: []) }
    #expect(throws: ImageError.self) { try Mask(width: .max, height: 2, values: []) }
  }

  @Test func resizesWithinItsRange() throws {
    let step = try Mask(width: 8, height: 2, values: [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1])
    #expect(try step.resized(width: 8, height: 2) == step)
    for (width, height) in [(3, 5), (40, 2), (8, 1), (1, 1)] {
      let resized = try step.resized(width: width, height: height)
      #expect((resized.width, resized.height) == (width, height))
      #expect(resized.values.count == width * height)
      #expect(resized.values.allSatisfy { (0...1).contains($0) })
    }
    #expect(abs(try step.resized(width: 1, height: 1).values[0] - 0.5) < 1e-6)
  }
}
