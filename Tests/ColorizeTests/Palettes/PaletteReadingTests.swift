// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Files that Python wrote, and what is in them.
@Suite struct PaletteReadingTests {
  /// Reads a fixture by its content alone: the name that errors would show says nothing.
  private func read(_ name: String) throws -> Palette {
    try Palette(data: PaletteFixtures.bytes(name), file: "x")
  }

  @Test func gimp() throws {
    let sheet = try Palette.read(PaletteFixtures.path("sheet.gpl"))
    #expect(sheet.name == "Aoi, summer")
    #expect(
      sheet.listed == [
        "#FADECD skin", "#D6A494 skin shadow", "#20285C hair", "#6270BE hair highlight", "#FFFFFF", "#C8102E 髪飾り",
      ])
    let old = try read("old.gpl")
    #expect(old.name == nil && old.listed == ["#FF0000 Rouge foncé", "#008000"])
    #expect(try read("aseprite.gpl").listed == ["#010203 first", "#040506 second"])
  }

  @Test func photoshop() throws {
    let colors = [
      "#FF0000", "#008000", "#00FFFF",
      // The D50 colours as the Python package colour-science 0.4.7 converts them, by Bradford's transform.
      "#777777", "#E17475", "#BFBFBF", "#FF00FF", "#123456",
    ]
    #expect(try read("first.aco").listed == colors)
    let names = [
      "red", "half green", "cyan ink", "middle grey", "print rose", "quarter ink", "wide magenta", "名前 𝒳",
    ]
    let expected = zip(colors, names).map { "\($0) \($1)" }
    #expect(try read("second.aco").listed == expected)
    #expect(try read("both.aco").listed == expected)
  }

  @Test func swatchExchange() throws {
    #expect(
      try read("groups.ase").listed == [
        "#FF8000 before", "#FADECD 肌", "#CC6600 ink", "#E17475 rose", "#808080 grey",
      ])
  }

  @Test func krita() throws {
    let palette = try read("group.kpl")
    #expect(palette.name == "A & B")
    #expect(
      palette.listed == [
        "#336699 plain", "#BCBCBC <髪> \"light\"", "#CC6600", "#E17475 lab", "#808080 grey", "#FFFFFF white",
      ])
  }

  @Test func listsWithoutNames() throws {
    #expect(try read("lospec.hex").listed == ["#2D2840", "#7A4E8F", "#FFE9C5"])
    #expect(try read("paintnet.txt").listed == ["#102030", "#A0B0C0"])
    #expect(try read("table.act").listed == ["#0A141E", "#28323C"])
    #expect(try read("jasc.pal").listed == ["#0C2238", "#FF0080"])
    #expect(try Palette(data: Array("#aabbcc sky\n".utf8)).listed == ["#AABBCC sky"])
  }

  @Test func picturesOfSwatches() throws {
    // Two discs differ by one step, and stay two; paper, borders and the label are none.
    #expect(
      try read("discs.png").listed == ["#FADECD", "#D6A494", "#20285C", "#6270BE", "#C8102E", "#C9112E"])
    #expect(try read("strip.png").listed == ["#010203", "#040506", "#070809"])
  }

  @Test func theFormatIsSeenInTheContent() throws {
    let formats: [PaletteFormat] = [
      .gimp, .gimp, .gimp, .photoshop, .photoshop, .photoshop, .swatchExchange, .krita, .hexadecimal, .hexadecimal,
      .colorTable, .jasc, .picture, .picture,
    ]
    for (name, format) in zip(PaletteFixtures.names, formats) {
      #expect(try PaletteFormat(sniffing: PaletteFixtures.bytes(name)) == format, "\(name)")
    }
    #expect(try PaletteFormat(pathExtensionOf: "a/b.GPL") == .gimp)
    #expect(try PaletteFormat(pathExtensionOf: "b.txt") == .hexadecimal)
    #expect(throws: PaletteError.unsupportedExtension(file: "b.gif")) { try PaletteFormat(pathExtensionOf: "b.gif") }
    #expect(throws: PaletteError.unsupportedExtension(file: "b")) { try PaletteFormat(pathExtensionOf: "b") }
  }

  @Test func namesAreKeptClean() throws {
    let text = "GIMP Palette\n1 2 3\t\u{1B}[31m red\u{2028}\t \n4 5 6 " + String(repeating: "x", count: 5000) + "\n"
    let palette = try Palette(data: Array(text.utf8))
    #expect(palette.entries[0].name == "[31m red")
    #expect((palette.entries[1].name?.unicodeScalars.count ?? 0) <= 1025)
  }
}
