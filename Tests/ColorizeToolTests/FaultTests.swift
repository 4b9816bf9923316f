// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// What goes wrong around the program: memory that ends, files that change under it, readers and terminals that go.
@Suite("colorize and what goes wrong around it", .timeLimit(.minutes(15))) struct FaultTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  /// Runs a script, in which `$colorize` is the program.
  private func shell(_ script: String) throws -> Program.Outcome {
    try Program.run(
      ["-c", script], in: folder, executable: "/bin/sh",
      // Each thread of OpenBLAS takes address space, on machines of many cores more than these tests leave.
      environment: ["colorize": try Program.executable().path, "OPENBLAS_NUM_THREADS": "1"])
  }

  private func words(_ arguments: [String]) -> String { arguments.map { "'\($0)'" }.joined(separator: " ") }

  @Test("A picture that memory has no room for is refused", arguments: ["png", "jpg"])
  func pictureThatMemoryHasNoRoomFor(format: String) throws {
    try Image(width: 8000, height: 8000, color: [255]).write(to: folder.path("huge.\(format)"))
    let run = words(Folder.quick(["-s", "huge.\(format)", "-o", "out.png"]))
    let outcome = try shell("ulimit -v 600000; \"$colorize\" \(run)")
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains("--sketch huge.\(format): too large: 8000 x 8000 pixels take 427 MiB of memory"))
    #expect(outcome.errors.contains("MiB are free"))
  }

  /// Where the program's own count says that there is room and there is none, `--force`: in whichever library memory ends.
  @Test(
    "However little memory there is, the program ends with a word",
    arguments: Array(stride(from: 300_000, to: 620_000, by: 40_000)))
  func littleMemory(limit: Int) throws {
    let run = words(Folder.quick(["--size", "256", "--force", "-o", "out.png"]))
    let outcome = try shell("ulimit -v \(limit); \"$colorize\" \(run)")
    #expect(
      outcome.status == 0 || outcome.status == 1 && outcome.errors.contains("memory"),
      "\(outcome.status): \(outcome.errors)")
  }

  @Test("Weights that are not whole have no name, however the program ends", arguments: ["KILL", "HUP", "INT"])
  func weightsThatAreNotWhole(signal: String) throws {
    let before = try folder.files()
    // A second signal ends the program at once. An interactive shell would not have the first one ignored.
    let outcome = try shell(
      """
      "$colorize" make-random-model large.safetensors --preset v1.5 2> errors.txt &
      until [ -s errors.txt ]; do kill -0 $! || break; sleep 0.02; done
      sleep 0.2; kill -\(signal) $!; kill -\(signal) $!; wait $!; echo "status $?"; rm errors.txt
      """)
    let status = ["KILL": 137, "HUP": 129, "INT": 130][signal] ?? 0
    #expect(outcome.output.contains("status \(status)"), "\(outcome.output)")
    #expect(try folder.files() == before)
  }

  @Test("A model that becomes shorter while it is in use is named") func modelThatBecomesShorter() throws {
    try folder.writeVanillaModel()
    let run = words(
      Folder.quick(["--model", "vanilla.safetensors", "--steps", "1000", "--low-memory", "-o", "out.png"]))
    let outcome = try shell(
      """
      "$colorize" \(run) 2> errors.txt & job=$!
      until grep -q sampling errors.txt; do kill -0 $job || break; sleep 0.02; done
      truncate -s 1000 vanilla.safetensors; wait $job; echo "status $?"; cat errors.txt >&2
      """)
    #expect(outcome.output.contains("status 3"), "\(outcome.output)")
    #expect(outcome.errors.contains("vanilla.safetensors: the file has become shorter while it is in use"))
    #expect(try !folder.files().contains("out.png"))
  }

  @Test("A pipe takes the picture") func pipeTakesThePicture() throws {
    let run = words(Folder.quick(["-o", "pipe.png"]))
    let outcome = try shell(
      "mkfifo pipe.png; cat pipe.png > copy.png & \"$colorize\" \(run); result=$?; wait; exit $result")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Image.load(folder.path("copy.png")).size == ImageSize(width: 64, height: 64))
  }

  @Test("A model that memory has no room to map is no fault of the model") func modelThatCannotBeMapped() throws {
    let outcome = try shell("truncate -s 200G m.safetensors; ulimit -v 2000000; \"$colorize\" inspect m.safetensors")
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("204800 MiB to map it are not free"), "\(outcome.errors)")
  }

  @Test("Too few open files", arguments: [4, 5, 8]) func fewDescriptors(limit: Int) throws {
    let run = words(Folder.quick(["-o", "out.png", "--json"]))
    let outcome = try shell("ulimit -n \(limit); \"$colorize\" \(run)")
    #expect(outcome.status == 1 && outcome.errors.contains("raise the limit (ulimit -n)"), "\(outcome.errors)")
    #expect(try outcome.json()["exitCode"] as? Int == 1)
  }

  @Test("A small stack is enough", arguments: [64, 160]) func smallStack(kibibytes: Int) throws {
    let run = words(Folder.quick(["-o", "out.png"]))
    let outcome = try shell("ulimit -s \(kibibytes); \"$colorize\" \(run)")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Image.load(folder.path("out.png")).width > 0)
  }

  @Test("A configuration without end is not read") func configurationWithoutEnd() throws {
    try folder.writeVanillaModel()
    let run = words(Folder.quick(["--model", "vanilla.safetensors", "-o", "out.png"]))
    let outcome = try shell("truncate -s 200G config.json; \"$colorize\" \(run)")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("larger than 1 MiB, so this is no configuration"), "\(outcome.errors)")
  }

  @Test("A line of error has an end") func errorsHaveAnEnd() throws {
    let outcome = try Program.run(
      Folder.quick(["--sampler", String(repeating: "x", count: 100_000), "-o", "out.png"]), in: folder)
    #expect(outcome.status == 2)
    #expect(outcome.errors.count < 3000 && outcome.errors.contains("colorize --help lists the options"))
  }
}
