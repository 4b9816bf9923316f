// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite struct PaletteWritingTests {
  private static let palette = Palette(
    [
      .init(RGB(250, 222, 205), name: "skin"), .init(RGB(214, 164, 148), name: "skin shadow"), .init(.black),
      .init(RGB(1, 254, 127), name: "\"<髪> & 𝒳"), .init(RGB(1, 2, 3), name: "Rouge foncé"),
    ], name: "Aoi & co")

  @Test(arguments: PaletteFormat.allCases)
  func whatIsWrittenIsReadAgain(format: PaletteFormat) throws {
    var expected = Self.palette
    if ![.gimp, .krita].contains(format) { expected.name = nil }
    if !format.keepsNames { expected.entries = expected.entries.map { .init($0.color) } }
    let data = try Self.palette.data(as: format)
    #expect(try PaletteFormat(sniffing: data) == format)
    #expect(try Palette(data: data) == expected)
    // The same palette gives the same bytes.
    #expect(try Self.palette.data(as: format) == data)
  }

  @Test(arguments: PaletteFormat.allCases)
  func everyGreyAndManyColorsSurvive(format: PaletteFormat) throws {
    var entries = (0...255).map { Palette.Entry(RGB(UInt8($0), UInt8($0), UInt8($0))) }
    #expect(try Palette(data: Palette(entries).data(as: format)).entries == entries)
    // More than a row of files that have a limit.
    for index in 0..<4000 { entries.append(.init(RGB(UInt8(index & 255), UInt8(index >> 8), 77))) }
    let large = Palette(entries)
    if format == .colorTable {
      #expect(throws: PaletteError.self) { try large.data(as: format) }
    } else if format != .picture {
      #expect(try Palette(data: large.data(as: format)) == large)
    }
  }

  @Test func filesAreWrittenByTheirExtension() throws {
    let folder = try TemporaryFolder()
    for format in PaletteFormat.allCases {
      let path = folder.file("palette." + format.pathExtension)
      try Self.palette.write(to: path)
      #expect(try Palette.read(path).entries.map(\.color) == Self.palette.entries.map(\.color))
    }
    #expect(throws: PaletteError.self) { try Self.palette.write(to: folder.file("palette.gif")) }
    let error = paletteError { () throws(PaletteError) in try Self.palette.write(to: folder.file("none/p.gpl")) }
    #expect(error?.description.contains("its folder does not exist") == true)
  }

  @Test(arguments: PaletteFormat.allCases)
  func whatHasNoColorsIsNotWritten(format: PaletteFormat) {
    #expect(throws: PaletteError.unsuitable(format: format, reason: "it has no colours")) {
      try Palette([], name: "empty").data(as: format)
    }
  }

  @Test func lineEndsInNamesDoNotBreakTheFile() throws {
    let palette = Palette([.init(.white, name: "a\nb\u{0}c"), .init(.black, name: "\n")])
    for format in PaletteFormat.allCases where format.keepsNames {
      let back = try Palette(data: palette.data(as: format))
      #expect(back.entries == [.init(.white, name: "a b c"), .init(.black)], "\(format)")
    }
  }
}
