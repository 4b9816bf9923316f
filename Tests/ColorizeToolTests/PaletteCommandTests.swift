// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite("colorize palette") struct PaletteCommandTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try Data("GIMP Palette\nName: Aoi\n#\n250 222 205\tskin\n 32  40  92\thair\n".utf8).write(
      to: folder.url.appendingPathComponent("sheet.gpl"))
  }

  private func expectUsage(
    _ text: String, _ arguments: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.files()
    let outcome = try Program.run(["palette"] + arguments + ["--json"], in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.split(separator: "\n").count == 1, sourceLocation: location)
    #expect((try outcome.json()["error"] as? String)?.contains(text) == true, sourceLocation: location)
    #expect(try folder.files() == before, sourceLocation: location)
  }

  @Test("A palette is shown") func aPaletteIsShown() throws {
    let outcome = try Program.run(["palette", "sheet.gpl"], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        palette: Aoi, 2 colours
         1  #FADECD  Lab  90.3   7.0  11.9  skin
         2  #20285C  Lab  18.4  14.8 -32.3  hair

        """)
  }

  @Test("A palette is converted, and its names stay") func aPaletteIsConverted() throws {
    for ending in ["ase", "aco", "kpl", "GPL"] {
      let outcome = try Program.run(["palette", "sheet.gpl", "-o", "out.\(ending)"], in: folder)
      #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.hasSuffix("wrote out.\(ending)\n"))
      #expect(try Palette.read(folder.path("out.\(ending)")).entries.map(\.name) == ["skin", "hair"])
    }
    let bare = try Program.run(["palette", "sheet.gpl", "-o", "out.hex"], in: folder)
    #expect(bare.status == 0 && bare.errors.contains("hexadecimal files have no names"))
    #expect(try String(contentsOfFile: folder.path("out.hex"), encoding: .utf8) == "fadecd\n20285c\n")
  }

  @Test("One JSON object is printed") func oneObjectIsPrinted() throws {
    let outcome = try Program.run(["palette", "sheet.gpl", "-o", "out.png", "--json"], in: folder)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let report = try outcome.json()
    #expect(report["format"] as? String == "GIMP" && report["name"] as? String == "Aoi")
    #expect(report["output"] as? String == "out.png")
    let colors = try #require(report["colors"] as? [[String: Any]])
    #expect(colors.map { $0["hex"] as? String } == ["#FADECD", "#20285C"])
    #expect(colors.map { $0["name"] as? String } == ["skin", "hair"])
    #expect((colors[0]["lab"] as? [Double])?.count == 3)
  }

  @Test("The colours of a picture are found") func picturesHaveColors() throws {
    let pixels = (0..<120 * 120).flatMap { index -> [UInt8] in
      let (x, y) = (index % 120 - 60, index / 120 - 60)
      return x * x + y * y > 50 * 50 ? [250, 250, 245] : x > 20 ? [200, 30, 40] : [30, 60, 200]
    }
    try Image(width: 120, height: 120, channels: 3, pixels: pixels).write(to: folder.path("drawing.png"))
    let outcome = try Program.run(["palette", "drawing.png", "-o", "found.gpl"], in: folder)
    #expect(outcome.status == 0 && outcome.output.contains("3 colours"))
    #expect(
      try Palette.read(folder.path("found.gpl")).entries.map(\.color)
        == [RGB(250, 250, 245), RGB(30, 60, 200), RGB(200, 30, 40)])
    for option in ["--colours", "--colors"] {
      #expect(try Program.run(["palette", "drawing.png", option, "2"], in: folder).output.contains("2 colours"))
    }
  }

  @Test("What cannot be done is told") func whatCannotBeDoneIsTold() throws {
    try Data("GIMP Palette\n1 2 x\n".utf8).write(to: folder.url.appendingPathComponent("bad.gpl"))
    try expectUsage("the GIMP data is damaged at byte 17", "bad.gpl")
    try expectUsage("none.gpl: there is no such file", "none.gpl")
    try expectUsage("--output out.gif: palettes are not written as .gif", "sheet.gpl", "-o", "out.gif")
    try expectUsage("it is one of the inputs", "sheet.gpl", "-o", "./sheet.gpl", "--overwrite")
    try expectUsage("it exists already", "sheet.gpl", "-o", "bad.gpl")
    try expectUsage("does not exist; create it first", "sheet.gpl", "-o", "none/out.gpl")
    try expectUsage("--colours is 0, expected 1 to 256", "sheet.gpl", "--colours", "0")
    try expectUsage("--colours is for pictures", "sheet.gpl", "--colours", "4")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.gpl"), withDestinationPath: folder.path("sheet.gpl"))
    try expectUsage("it is one of the inputs", "sheet.gpl", "-o", "link.gpl", "--overwrite")
    let replaced = try Program.run(["palette", "sheet.gpl", "-o", "bad.gpl", "--overwrite"], in: folder)
    #expect(replaced.status == 0)
    #expect(try Palette.read(folder.path("bad.gpl")).entries.count == 2)
  }
}
