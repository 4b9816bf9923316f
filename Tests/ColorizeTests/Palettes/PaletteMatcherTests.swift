// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

@Suite struct PaletteMatcherTests {
  private static func random(_ count: Int, seed: UInt64) -> Palette {
    var random = SplitMix64(state: seed)
    return Palette((0..<count).map { _ in .init(RGB(packed: random.bytes(3))) })
  }

  @Test(arguments: [1, 2, 7, 64, 300])
  func theNearestIsFound(count: Int) throws {
    let palette = Self.random(count, seed: UInt64(count))
    let labs = palette.entries.map { Lab($0.color) }
    let matcher = PaletteMatcher(palette)
    for entry in Self.random(400, seed: 99).entries {
      let lab = Lab(entry.color)
      let differences = labs.map { $0.difference(to: lab) }
      let least = try #require(differences.min())
      let found = try #require(matcher.nearest(to: entry.color))
      // Both orders of a difference may differ in the last bits.
      #expect(abs(found.difference - least) < 1e-9)
      #expect(differences[found.index] - least < 1e-9)
    }
  }

  @Test func ofEqualColorsTheFirstIsTaken() {
    let palette = Palette([.init(.black), .init(.white, name: "a"), .init(.white, name: "b")])
    let found = palette.nearest(to: .white)
    #expect(found?.index == 1 && found?.difference == 0)
    #expect(Palette([]).nearest(to: .white) == nil)
    #expect(Palette([.init(.black)]).nearest(to: .white)?.index == 0)
  }

  @Test func aMappedImageHasThePalettesColorsOnly() throws {
    let palette = Self.random(9, seed: 1)
    let matcher = PaletteMatcher(palette)
    var random = SplitMix64(state: 8)
    for channels in [1, 3, 4] {
      let image = try Image(width: 40, height: 30, channels: channels, pixels: random.bytes(1200 * channels))
      let mapped = image.mapped(to: palette)
      #expect(mapped.channels == max(channels, 3))
      let indices = matcher.indices(of: image)
      #expect(indices.count == 1200)
      for pixel in 0..<1200 {
        let (from, to) = (pixel * channels, pixel * mapped.channels)
        let color =
          channels == 1
          ? RGB(image.pixels[from], image.pixels[from], image.pixels[from])
          : RGB(image.pixels[from], image.pixels[from + 1], image.pixels[from + 2])
        let index = matcher.nearest(to: color)?.index
        #expect(indices[pixel] == index)
        let entry = palette.entries[indices[pixel]].color
        #expect(Array(mapped.pixels[to..<to + 3]) == [entry.red, entry.green, entry.blue])
        if channels == 4 { #expect(mapped.pixels[to + 3] == image.pixels[from + 3]) }
      }
      #expect(image.mapped(to: Palette([])) == image)
    }
  }
}

extension RGB {
  fileprivate init(packed bytes: [UInt8]) { self.init(bytes[0], bytes[1], bytes[2]) }
}
