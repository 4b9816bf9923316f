// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// Several references on the command line, and injection.
@Suite("references") struct ReferencesTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
    try Image(width: 64, height: 64, channels: 1, pixels: (0..<4096).map { $0 % 64 < 20 ? 255 : 0 })
      .write(to: folder.path("left.png"))
    try Image(width: 64, height: 64, channels: 1, pixels: (0..<4096).map { $0 / 64 < 20 ? 255 : 0 })
      .write(to: folder.path("=top,@1.png"))
    try Image(width: 64, height: 64, color: [20, 90, 200]).write(to: folder.path("blue.png"))
    try Image(width: 64, height: 64, color: [30, 160, 60]).write(to: folder.path("green.png"))
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }

  private static let several =
    Folder.quick + [
      "--region", "left.png", "-r", "blue.png", "--reference=green.png", "--region==top,@1.png", "--reference-mask",
      "mask.png",
    ]

  @Test("Each reference has its region, whatever its name") func regions() throws {
    let outcome = try Program.run(Self.several + ["-o", "a.png"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let options = try #require(try PNGText.read(path: folder.path("a.png")).first { $0.key == "parameters" }?.value)
    #expect(options.contains("\"referenceRegion\":\"left.png\""), "\(options)")
    #expect(options.contains("\"region\":\"=top,@1.png\""), "\(options)")
    let again = try Program.run(["again", "a.png", "-o", "b.png"], in: folder)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try bytes("a.png") == bytes("b.png"))
    // With another reference in the place of the second.
    try FileManager.default.moveItem(atPath: folder.path("blue.png"), toPath: folder.path("moved.png"))
    let lost = try Program.run(["again", "a.png", "-o", "c.png"], in: folder)
    #expect(lost.status == 2 && lost.errors.contains("it was made from blue.png"), "\(lost.errors)")
    let one = try Program.run(["again", "a.png", "-o", "c.png", "-r", "moved.png"], in: folder)
    #expect(one.status == 2 && one.errors.contains("it was made with 3 references"), "\(one.errors)")
    let moved = ["-r", "reference.png", "-r", "moved.png", "-r", "green.png"]
    let found = try Program.run(["again", "a.png", "-o", "c.png"] + moved, in: folder)
    #expect(found.status == 0, "\(found.errors)")
    #expect(try Image.load(folder.path("c.png")) == Image.load(folder.path("a.png")))
  }

  @Test("What does not go together is told") func faults() throws {
    func expect(_ text: String, _ more: [String]) throws {
      let outcome = try Program.run(Folder.quick + more + ["-o", "out.png"], in: folder)
      #expect(outcome.status == 2 && outcome.errors.contains(text), "\(outcome.errors)")
    }
    try expect("the only reference has a region", ["--region", "left.png"])
    try expect(
      "--region is given twice for the reference reference.png",
      [
        "--region", "left.png", "--region", "mask.png", "-r", "blue.png",
      ])
    try expect(
      "--reference-mask is given twice; give it once for each --reference",
      [
        "--reference-mask", "left.png", "--reference-mask", "mask.png",
      ])
    try expect("Missing value for '--region", ["-r", "blue.png", "--region"])
    try expect("--region missing.png", ["-r", "blue.png", "--region", "missing.png"])
    try expect("--inject-reference is 2.0, expected 0.0 to 1.0", ["--inject-reference", "2"])
  }

  @Test("Injection is stored, and made again") func injection() throws {
    #expect(try Program.run(Folder.quick + ["-o", "plain.png"], in: folder).status == 0)
    let outcome = try Program.run(Folder.quick + ["-o", "a.png", "--inject-sketch", "0.5"], in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Image.load(folder.path("a.png")) != Image.load(folder.path("plain.png")))
    #expect(try Program.run(["again", "a.png", "-o", "b.png"], in: folder).status == 0)
    #expect(try bytes("a.png") == bytes("b.png"))
  }

  @Test("Frames of a shot have them too") func shot() throws {
    let base = [
      "shot", "sketch.png", "-r", "reference.png", "--size", "64", "--steps", "1", "--consistency", "none", "-o",
    ]
    let several = ["-r", "blue.png", "--region", "left.png"]
    for (name, more) in [("one", []), ("two", several)] {
      let outcome = try Program.run(base + ["\(name)/*.png"] + more, in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    #expect(try Image.load(folder.path("one/sketch.png")) != Image.load(folder.path("two/sketch.png")))
    // The same as alone.
    let alone = ["-s", "sketch.png", "-r", "reference.png", "--size", "64", "--steps", "1", "-o", "alone.png"]
    #expect(try Program.run(alone + several, in: folder).status == 0)
    #expect(try Image.load(folder.path("two/sketch.png")) == Image.load(folder.path("alone.png")))
    // From a sheet of exceptions as well.
    try Data("frame,reference2,reference2Region\nsketch,blue.png,left.png\n".utf8)
      .write(to: URL(fileURLWithPath: folder.path("sheet.csv")))
    let sheet = try Program.run(base + ["sheet/*.png", "--sheet", "sheet.csv"], in: folder)
    #expect(sheet.status == 0, "\(sheet.errors)")
    #expect(try Image.load(folder.path("sheet/sketch.png")) == Image.load(folder.path("alone.png")))
    // Another region is another frame.
    let other = try Program.run(base + ["two/*.png", "-r", "blue.png", "--region", "mask.png"], in: folder)
    #expect(other.status == 0, "\(other.errors)")
    #expect(try Image.load(folder.path("two/sketch.png")) != Image.load(folder.path("alone.png")))
    let only = try Program.run(base + ["three/*.png", "--region", "left.png"], in: folder)
    #expect(only.status == 2 && only.errors.contains("the only reference has a region"), "\(only.errors)")
  }
}
