// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import TestSupport
import Testing

/// `colorize shot`, as a user runs it.
@Suite("colorize shot") struct ShotCommandTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
    try FileManager.default.createDirectory(atPath: folder.path("cut"), withIntermediateDirectories: false)
    for (place, number) in [98, 99, 101].enumerated() {
      let pixels = (0..<64 * 64).map { pixel -> UInt8 in
        let (x, y) = (pixel % 64, pixel / 64)
        return abs(x - y) < 2 || x == 20 + place * 10 ? 10 : 255
      }
      try Image(width: 64, height: 64, channels: 1, pixels: pixels).write(to: folder.path("cut/\(padded(number)).png"))
    }
  }

  private func padded(_ number: Int) -> String { number < 100 ? "00\(number)" : "0\(number)" }

  private static let quick = [
    "shot", "cut/####.png", "-r", "reference.png", "-o", "out/####.png", "--fill", "painting", "--lines", "network",
    "--size", "64", "--steps", "1",
  ]

  private func run(_ more: String..., signal: Int32? = nil) throws -> Program.Outcome {
    try Program.run(Self.quick + more, in: folder, signal: signal)
  }

  private func lines(_ outcome: Program.Outcome) throws -> [[String: Any]] {
    try outcome.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func outputs() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
  }

  @Test(
    "Lines are added to no file but a manifest", .timeLimit(.minutes(2)),
    arguments: [
      ("reference.png", "one of the inputs"), ("./cut/../reference.png", "one of the inputs"),
      ("link.png", "one of the inputs"),
      ("hard.png", "one of the inputs"), ("text.png", "no manifest of a shot"), ("mask.png", "no manifest of a shot"),
      ("pipe", "no regular file"),
    ]) func manifests(name: String, words: String) throws
  {
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "reference.png")
    try FileManager.default.linkItem(atPath: folder.path("reference.png"), toPath: folder.path("hard.png"))
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    let files = try folder.files()
    func bytes() throws -> [Data] {
      try ["reference.png", "text.png", "mask.png"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path($0))) }
    }
    let before = try bytes()
    for more in [[], ["--overwrite"], ["--dry-run"]] {
      let outcome = try Program.run(Self.quick + ["--manifest", name] + more, in: folder)
      #expect(outcome.status == 2 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    #expect(try bytes() == before)
    #expect(try folder.files() == files)
  }

  @Test("A result is no input by another name") func spelledOutputs() throws {
    let outcome = try Program.run(
      ["shot", "cut/####.png", "-r", "reference.png", "-o", "./cut/../cut/####.png", "--overwrite"], in: folder)
    #expect(outcome.status == 2 && outcome.errors.contains("one of the inputs"), "\(outcome.errors)")
  }

  @Test("A cut is coloured, and not coloured again") func coloursACut() throws {
    let plan = try lines(run("--dry-run", "--json"))
    #expect(plan.dropLast().map { $0["state"] as? String } == ["new", "new", "new"])
    #expect((plan.last?["seconds"] as? Double ?? 0) > 0 && (plan.last?["memoryBytes"] as? Int ?? 0) > 0)
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))

    let first = try run("--json")
    #expect(first.status == 0, "\(first.errors)")
    let report = try lines(first)
    #expect(report.dropLast().map { $0["frame"] as? String } == ["0098", "0099", "0101"])
    #expect(report.last?["finished"] as? Int == 3)
    #expect(try outputs() == ["0098.png", "0099.png", "0101.png", "shot.jsonl"])
    // A frame is what `run` makes of it: the picture and its options.
    try FileManager.default.createDirectory(atPath: folder.path("one"), withIntermediateDirectories: false)
    #expect(try Program.run(Folder.quick(["-s", "cut/0099.png", "-o", "one/0099.png"]), in: folder).status == 0)
    #expect(
      try Data(contentsOf: folder.url.appending(path: "one/0099.png"))
        == Data(contentsOf: folder.url.appending(path: "out/0099.png")))

    let again = try lines(run("--json"))
    #expect(again.last?["unchanged"] as? Int == 3 && again.last?["finished"] as? Int == 0)
    let other = try lines(run("--json", "--seed", "3", "--frames", "99-"))
    #expect(other.last?["finished"] as? Int == 2)
  }

  @Test("A frame that fails is named, and the exit status says so") func failuresAreTold() throws {
    try Data("no picture".utf8).write(to: folder.url.appending(path: "cut/0099.png"))
    let outcome = try run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("frame 0099 failed") && outcome.errors.contains("1 of 3 frames failed"))
    #expect(try outputs() == ["0098.png", "0101.png", "shot.jsonl"])
  }

  @Test("A signal leaves whole frames, and the rest is done later", arguments: [SIGTERM, SIGKILL])
  func interruptionLosesNothing(signal: Int32) throws {
    func arguments(_ output: String) -> [String] {
      ["shot", "cut/####.png", "-r", "reference.png", "-o", output, "--size", "128", "--steps", "8"]
    }
    let stopped = try Program.run(arguments("out/####.png"), in: folder, signal: signal, signalAfter: "colouring")
    #expect(stopped.status == (signal == SIGTERM ? 143 : SIGKILL), "\(stopped.errors)")
    let left = (try? outputs()) ?? []
    #expect(left.count < 4 && left.allSatisfy { !$0.hasSuffix(".tmp") || signal == SIGKILL })
    #expect(try Program.run(arguments("out/####.png"), in: folder).status == 0)
    #expect(try Program.run(arguments("whole/####.png"), in: folder).status == 0)
    for name in ["0098.png", "0099.png", "0101.png"] {
      let (one, other) = (folder.url.appending(path: "out/\(name)"), folder.url.appending(path: "whole/\(name)"))
      #expect(try Data(contentsOf: one) == Data(contentsOf: other))
    }
  }

  @Test(
    "What cannot be is refused before anything is done",
    arguments: [
      (["--frames", "1-2"], "no such frame"), (["--frames", "x"], "no range"), (["--shard", "3/2"], "2/8"),
      (["--count", "2"], "--count"), (["--previews", "2"], "--previews"), (["--sheet", "none.csv"], "none.csv"),
      (["--sketch-mask", "masks/####.png"], "masks/####.png"), (["--frames", "98", "--frames", "99"], "given twice"),
      (["--mode", "full"], "mask"), (["--hints", "reference.png"], "one drawing"),
      (["--hints", "strokes/####.png"], "strokes/####.png"),
    ])
  func whatCannotBeIsRefused(arguments: [String], word: String) throws {
    let outcome = try Program.run(Self.quick + arguments, in: folder)
    #expect(outcome.status == 2 || arguments[0] == "--mode" && outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains(word), "\(outcome.errors)")
    let made = (try? outputs()) ?? []
    #expect(made.allSatisfy { !$0.hasSuffix(".png") })
  }

  @Test("Files of others are not replaced") func filesOfOthersStay() throws {
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: folder.url.appending(path: "out/0099.png"))
    let outcome = try run()
    #expect(outcome.status == 2 && outcome.errors.contains("out/0099.png"))
    #expect(try outputs() == ["0099.png"])
    #expect(try run("--overwrite").status == 0)
  }

  @Test("Flats, regions and layers are numbered too") func otherFilesAreNumbered() throws {
    let outcome = try run(
      "--flats", "out/flats/*.png", "--regions", "out/####-regions.png", "--layers", "out/####.ora", "--frames", "101")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      try outputs() == ["0101-regions.json", "0101-regions.png", "0101.ora", "0101.png", "flats", "shot.jsonl"])
    try FileManager.default.removeItem(atPath: folder.path("out/0101.ora"))
    let again = try run(
      "--flats", "out/flats/*.png", "--regions", "out/####-regions.png", "--layers", "out/####.ora", "--frames", "101",
      "--json")
    #expect(try lines(again).last?["finished"] as? Int == 1)
  }
}
