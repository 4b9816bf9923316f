// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// `colorize train`, as a user has it: on the built-in model.
@Suite("colorize train", .serialized) struct TrainToolTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try FileManager.default.createDirectory(atPath: folder.path("d/lion"), withIntermediateDirectories: true)
    for index in 0..<3 {
      let picture = try Sample.Drawing.lion.reference().resized(width: 128 + 16 * index, height: 128)
      try picture.write(to: folder.path("d/lion/\(index).png"))
    }
  }

  let options = ["--resolution", "64", "--batch", "1", "--validation", "0.3", "--quiet", "--rank-foreground", "2"]

  func train(_ output: String, _ more: [String], signal: Int32? = nil) throws -> Program.Outcome {
    try Program.run(["train", "d", "--output", output] + options + more, in: folder, signal: signal)
  }

  /// What the program names before it starts, beside what the system says that it took.
  @Test(
    arguments: [
      ["--resolution", "64"], ["--resolution", "128", "--rank-foreground", "0.5"],
      ["--resolution", "128", "--batch", "4", "--parts", "unet"], ["--resolution", "192", "--batch", "4"],
    ])
  func memoryIsCountedBeforehand(more: [String]) throws {
    let outcome = try Program.run(
      ["train", "d", "-o", "o.safetensors", "--steps", "2", "--batch", "1", "--backend", "cpu:2", "--json", "--quiet"]
        .filter { !more.contains("--batch") || !["--batch", "1"].contains($0) } + more, in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try outcome.json()
    let peak = try #require(report["peakMemoryBytes"] as? Int)
    let estimate = try #require(report["estimatedMemoryBytes"] as? Int)
    #expect(estimate >= peak, "\(estimate >> 20) MiB, and it took \(peak >> 20)")
    // Who has less free memory than the estimate is refused, so that it must not be far above.
    #expect(estimate <= peak * 115 / 100 + 64 << 20, "\(estimate >> 20) MiB, and it took \(peak >> 20)")
  }

  func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: folder.path(name)))) }

  @Test func killedAndGoneOnIsNeverStopped() throws {
    #expect(try train("whole.safetensors", ["--steps", "12", "--save-every", "3"]).status == 0)
    // Killed at some moment, and again, until it is done.
    var status: Int32 = -1
    var kills = 0
    for delay in [300_000, 500_000, 900_000, 0] as [UInt32] {
      let process = Process()
      process.executableURL = try Program.executable()
      process.currentDirectoryURL = folder.url
      process.arguments =
        ["train", "d", "--output", "parts.safetensors", "--steps", "12", "--save-every", "3", "--resume"] + options
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      if delay > 0 {
        usleep(delay)
        if process.isRunning { kills += 1 }
        kill(process.processIdentifier, SIGKILL)
      }
      process.waitUntilExit()
      status = process.terminationStatus
    }
    #expect(status == 0 && kills > 0)
    #expect(try bytes("parts.safetensors") == bytes("whole.safetensors"))
    let last = "state/step-00000012.safetensors"
    #expect(try bytes("parts.\(last)") == bytes("whole.\(last)"))
    // Nothing half-written is left.
    let left = try FileManager.default.subpathsOfDirectory(atPath: folder.url.path).filter { $0.hasSuffix(".tmp") }
    #expect(left == [])
  }

  @Test func signalsSaveAndEnd() throws {
    // Once it has begun.
    let stopped = try Program.run(
      ["train", "d", "--output", "a.safetensors", "--minutes", "30"] + options.filter { $0 != "--quiet" }, in: folder,
      signal: SIGTERM, signalAfter: "loss on pictures held out")
    #expect(stopped.status == 143 && stopped.errors.contains("--resume"), "\(stopped.errors)")
    #expect(try LoRAFile(path: folder.path("a.safetensors")).ranks.foreground == .rank(2))
    // What is learned on must not be replaced.
    let onto = try train("a.safetensors", ["--steps", "1", "--lora", "a.safetensors", "--overwrite"])
    #expect(onto.status == 2 && onto.errors.contains("one of the inputs"))
    // A state says what it is, and whether it is whole.
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path("a.state")).first { $0.hasPrefix("step-") })
    let state = "a.state/\(name)"
    let inspected = try Program.run(["inspect", state], in: folder)
    #expect(
      inspected.status == 0 && inspected.output.contains("lora-foreground") && inspected.output.contains("--resume"))
    #expect(try Program.run(["inspect", "a.state"], in: folder).output == inspected.output)
    let added = try train("b.safetensors", ["--steps", "1", "--lora", state])
    #expect(added.status == 2 && added.errors.contains("it is the saved state of a training"), "\(added.errors)")
    var content = try bytes(state)
    content[content.count - 100] ^= 1
    try Data(content).write(to: URL(filePath: folder.path("damaged.safetensors")))
    let damaged = try Program.run(["inspect", "damaged.safetensors"], in: folder)
    #expect(damaged.status == 3 && damaged.errors.contains("damaged"))
    // What is there is not replaced by accident.
    #expect(try train("a.safetensors", ["--steps", "1"]).status == 2)
  }

  @Test func faultsAreTold() throws {
    #expect(try Program.run(["train", "none", "--output", "a.safetensors"], in: folder).status == 2)
    #expect(try train("a.bin", ["--steps", "1"]).status == 2)
    #expect(try train("a.safetensors", ["--steps", "1", "--minutes", "1"]).status == 2)
    #expect(try train("a.safetensors", ["--parts", "hands"]).errors.contains("lora-foreground, lora-background"))
    let rank = try Program.run(["train", "d", "--output", "a.safetensors", "--rank-foreground", "0"], in: folder)
    #expect(rank.status == 2 && rank.errors.contains("expected a rank of 1 to 8192"))
    #expect(try train("a.safetensors", ["--parts", "vae,unet", "--steps", "1"]).status == 2)
    #expect(try train("a.safetensors", ["--rate", "0"]).status == 2)
    #expect(try train("a.safetensors", ["--steps", "1", "--warm-up=-1"]).errors.contains("--warm-up"))
    // Without a state there is nothing to go on with, and what is there is not replaced.
    try Data([7]).write(to: URL(filePath: folder.path("mine.safetensors")))
    let kept = try train("mine.safetensors", ["--steps", "1", "--resume"])
    #expect(kept.status == 2 && kept.errors.contains("--overwrite"))
    #expect(try bytes("mine.safetensors") == [7])
    try FileManager.default.removeItem(atPath: folder.path("mine.safetensors"))
    let twice = try train("a.safetensors", ["--steps", "1", "--steps", "2"])
    #expect(twice.status == 2 && twice.errors.contains("--steps is given twice"))
    #expect(try folder.files() == ["d"])
  }
}
