// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// Masks that are made wider, narrower or softer.
@Suite("--mask-grow, --mask-feather, --mask-threshold") struct MaskTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  private func figure(_ name: String) throws -> [Float] { Mask(try Image.load(folder.path(name))).values }

  @Test("colorize mask writes them so") func maskCommand() throws {
    func run(_ name: String, _ more: [String]) throws -> [Float] {
      let outcome = try Program.run(["mask", "cut-out.png", name] + more, in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try figure(name)
    }
    let plain = try run("plain.png", [])
    let wide = try run("wide.png", ["--mask-grow", "4"])
    let narrow = try run("narrow.png", ["--mask-grow", "-4"])
    func area(_ values: [Float]) -> Float { values.reduce(0, +) }
    #expect(area(plain) > 0 && area(wide) > area(plain) && area(narrow) < area(plain))
    #expect(
      zip(plain, wide).allSatisfy { $0 < 0.5 || $1 == 1 } && zip(narrow, plain).allSatisfy { $0 == 0 || $1 >= 0.5 })
    let soft = try run("soft.png", ["--mask-grow=-1.5", "--mask-feather", "6", "--mask-threshold", "0.3"])
    #expect(Set(soft).count > 6)
    for (arguments, text) in [
      (["--mask-grow", "2000"], "--mask-grow is 2000.0, expected -1000.0 to 1000.0"),
      (["--mask-feather", "-1"], "--mask-feather is -1, expected no negative number"),
      (["--mask-threshold", "1.5"], "--mask-threshold is 1.5, expected 0.0 to 1.0"),
    ] {
      let wrong = try Program.run(["mask", "cut-out.png", "wrong.png"] + arguments, in: folder)
      #expect(wrong.status == 2 && wrong.errors.contains(text), "\(wrong.errors)")
    }
  }

  @Test("Runs and shots shape the masks that they are given, and again repeats it") func runs() throws {
    let base =
      Folder.quick + ["--mode", "full", "--sketch-mask", "mask.png", "--reference-mask", "mask.png"]
    func run(_ name: String, _ more: [String]) throws -> Image {
      let outcome = try Program.run(base + ["-o", name] + more, in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Image.load(folder.path(name))
    }
    let plain = try run("plain.png", [])
    let wide = try run("wide.png", ["--mask-grow", "8"])
    #expect(wide != plain)
    #expect(try Program.run(["again", "wide.png", "-o", "again.png"], in: folder).status == 0)
    #expect(try Image.load(folder.path("again.png")) == wide)
    let shot = try Program.run(
      ["shot"] + base.dropFirst(2) + ["sketch.png", "-o", "shot/*.png", "--mask-grow", "8", "--consistency", "none"],
      in: folder)
    #expect(shot.status == 0, "\(shot.errors)")
    #expect(try Image.load(folder.path("shot/sketch.png")) == wide)
  }
}
