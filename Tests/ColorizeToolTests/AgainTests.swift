// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// `colorize again`: the same picture from the same files, and from no others.
@Suite("colorize again") struct AgainTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
    for name in ["s", "r", "out"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
    }
    try copy("sketch.png", "s/p.png")
    try copy("reference.png", "r/p.png")
  }

  private func copy(_ from: String, _ to: String) throws {
    try? FileManager.default.removeItem(atPath: folder.path(to))
    try FileManager.default.copyItem(atPath: folder.path(from), toPath: folder.path(to))
  }

  private func color(_ more: [String] = [], sketch: String = "s/p.png") throws {
    let outcome = try Program.run(
      Folder.quick(["-s", sketch, "-r", "r/p.png", "-o", "out/p.png"] + more), in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func again(_ picture: String, _ more: String...) throws -> Program.Outcome {
    try Program.run(["again", picture, "-o", "again.png", "--overwrite"] + more, in: folder)
  }

  private func parameters(_ picture: String) throws -> String {
    try #require(try PNGText.read(path: folder.path(picture)).first { $0.key == "parameters" }?.value)
  }

  /// Writes a picture with other text, as an earlier version or another program would.
  private func rewrite(_ picture: String, _ change: (String) throws -> String) throws {
    let text = try change(try parameters(picture))
    try Image.load(folder.path(picture)).write(to: folder.path(picture), text: [("parameters", text)])
  }

  @Test("Files of one name are told apart, and none is the picture itself") func names() throws {
    try color()
    let outcome = try again("out/p.png", "--verbose")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("colorize: sketch: out/../s/p.png"), "\(outcome.errors)")
    #expect(outcome.errors.contains("colorize: reference: out/../r/p.png"), "\(outcome.errors)")
    #expect(try Image.load(folder.path("again.png")) == Image.load(folder.path("out/p.png")))
  }

  @Test("A file that has changed is not taken, unless it is given") func changedFiles() throws {
    try color()
    try copy("cut-out.png", "r/p.png")
    let changed = try again("out/p.png")
    #expect(changed.status == 2 && changed.errors.contains("say with --reference where it is"), "\(changed.errors)")
    let given = try again("out/p.png", "-r", "r/p.png")
    #expect(given.status == 0 && given.errors.contains("is not the file that out/p.png was made from"))
    try copy("reference.png", "moved.png")
    let found = try again("out/p.png", "-r", "moved.png")
    #expect(found.status == 0 && !found.errors.contains("is not the file"), "\(found.errors)")
  }

  @Test("Pictures of earlier versions are made again, but not from themselves") func earlierVersions() throws {
    try color()
    try rewrite("out/p.png") { text in
      var object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      var inputs = try #require(object["inputs"] as? [String: Any])
      inputs["files"] = nil
      object["inputs"] = inputs
      return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }
    let lost = try again("out/p.png")
    #expect(lost.status == 2 && lost.errors.contains("--sketch"), "\(lost.errors)")
    // Nor from a copy of itself.
    try copy("out/p.png", "p.png")
    #expect(try again("out/p.png", "-r", "r/p.png").status == 2)
    #expect(try again("out/p.png", "-s", "s/p.png", "-r", "r/p.png").status == 0)
    #expect(try Image.load(folder.path("again.png")) == Image.load(folder.path("out/p.png")))
  }

  @Test("No whole path stands in a picture, and none in it is followed") func paths() throws {
    let whole = folder.url.path
    try color(sketch: "\(whole)/s/p.png")
    #expect(try !parameters("out/p.png").contains(whole))
    try rewrite("out/p.png") { $0.replacingOccurrences(of: "../r/p.png", with: "\(whole)/r/p.png") }
    let outcome = try again("out/p.png", "-s", "s/p.png")
    #expect(outcome.status == 2 && outcome.errors.contains("--reference"), "\(outcome.errors)")
  }

  @Test("Transparency and 16 bits are kept") func samples() throws {
    try copy("cut-out.png", "s/p.png")
    try color(["--keep-alpha", "--bits", "16"])
    #expect(try again("out/p.png").status == 0)
    func header(_ name: String) throws -> [UInt8] {
      Array(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))).dropFirst(24).prefix(2))
    }
    #expect(try header("again.png") == [16, 6])
    #expect(try Image.load(folder.path("again.png")) == Image.load(folder.path("out/p.png")))
    #expect(try again("out/p.png", "--no-keep-alpha", "--bits", "8").status == 0)
    #expect(try header("again.png") == [8, 2])
  }
}
