// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing

@Suite("colorize errors") struct ErrorTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.writeInputs()
  }

  /// Runs with the usual inputs and expects one line of error, the same error as JSON, and no new file.
  private func expectError(_ status: Int32, _ text: String, _ arguments: [String], _ location: SourceLocation) throws {
    let before = try folder.files()
    let outcome = try Program.run(arguments + ["--json"], in: folder)
    #expect(outcome.status == status, sourceLocation: location)
    let line = outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("colorize: note: ") }
    #expect(line.count == 1, sourceLocation: location)
    #expect(line.first?.hasPrefix("colorize: error: ") == true, sourceLocation: location)
    #expect(outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: location)
    #expect((try outcome.json()["error"] as? String)?.contains(text) == true, sourceLocation: location)
    #expect(try folder.files() == before, sourceLocation: location)
  }

  private func expectUsage(_ text: String, _ arguments: String..., location: SourceLocation = #_sourceLocation) throws {
    try expectError(2, text, Folder.quick(["-o", "out.png"] + arguments), location)
  }

  @Test("The command line as a whole") func commandLine() throws {
    try expectError(2, "Missing expected argument", [], #_sourceLocation)
    try expectUsage("Unknown option '--colour'", "--colour")
    try expectUsage("The value 'many' is invalid for '--steps <n>'", "--steps", "many")
    try expectUsage("--quiet and --verbose exclude each other", "--quiet", "--verbose")
  }

  @Test("Inputs that are missing or no images") func unusableInputs() throws {
    let rest = ["-r", "reference.png", "-o", "out.png"]
    try expectError(2, "--sketch none.png: there is no such file", ["-s", "none.png"] + rest, #_sourceLocation)
    try expectError(2, "no image of a known format", ["-s", "text.png"] + rest, #_sourceLocation)
    try expectUsage("--sketch-mask text.png", "--sketch-mask", "text.png")
    try expectUsage("--background none.png", "--background", "none.png")
  }

  @Test("Outputs that cannot be written") func unwritableOutputs() throws {
    func expect(_ text: String, _ path: String, _ more: [String] = [], _ location: SourceLocation) throws {
      try expectError(2, text, Folder.quick + ["-o", path] + more, location)
    }
    try expect("images are not written as .gif", "out.gif", [], #_sourceLocation)
    try expect("the name has no extension", "out", [], #_sourceLocation)
    try expect("does not exist; create it first", "none/out.png", [], #_sourceLocation)
    try expect("it is one of the inputs", "sketch.png", [], #_sourceLocation)
    try expect("it exists already", "mask.png", ["--no-overwrite"], #_sourceLocation)
    try FileManager.default.createDirectory(atPath: folder.path("folder.png"), withIntermediateDirectories: true)
    try expect("it is a folder", "folder.png", [], #_sourceLocation)
    try FileManager.default.createSymbolicLink(atPath: folder.path("a.png"), withDestinationPath: "b.png")
    try FileManager.default.createSymbolicLink(atPath: folder.path("b.png"), withDestinationPath: "a.png")
    try expect("its symbolic links lead in a circle", "a.png", [], #_sourceLocation)
    for name in ["a.png", "b.png"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
    // The superuser may write everywhere but where the kernel makes up the files.
    var locked = "/proc"
    if geteuid() != 0 {
      locked = folder.path("locked")
      try FileManager.default.createDirectory(
        atPath: locked, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o555])
    }
    try expect("cannot be written to", "\(locked)/out.png", [], #_sourceLocation)
  }

  @Test("Numbers out of range") func numbersOutOfRange() throws {
    try expectUsage("--size is 63, expected 64 to 4096", "--size", "63")
    try expectUsage("--steps is 0, expected 1 to 1000", "--steps", "0")
    try expectUsage("--count is 65, expected 1 to 64", "--count", "65")
    try expectUsage("--guidance is nan, expected", "--guidance", "nan")
    try expectUsage("--previews is 0, expected", "--previews", "0")
    try expectUsage("--sketch-guidance is 101.0, expected", "--sketch-guidance", "101")
    try expectUsage("--vae-tile is 100, expected 128 to 4096", "--vae-tile", "100")
    try expectUsage("--reference-threshold is 2.0, expected", "--reference-threshold", "2")
    try expectUsage("--merge is 1.5, expected", "--merge", "1.5")
    try expectUsage("--strength is inf, expected", "--strength", "inf")
    try expectUsage("--strength-level low is 11.0, expected", "--strength-level", "low=11")
    try expectUsage("invalid for '--strength-level", "--strength-level", "low")
    try expectUsage("--guidance-interval is 0.9 0.1, expected", "--guidance-interval", "0.9", "0.1")
    try expectUsage("--guidance-interval is nan 1.0, expected", "--guidance-interval", "nan", "1")
    try expectUsage("--seed is 4294967296, expected 0 to 4294967295", "--seed", "4294967296", "--noise", "numpy")
  }

  @Test("Modes, names and devices") func modesNamesAndDevices() throws {
    try expectUsage("mode full needs the sketch's mask; give --sketch-mask, or", "--mode", "full")
    try expectUsage("mode background needs the reference's mask", "--mode", "background", "--sketch-mask", "mask.png")
    try Image(width: 64, height: 32, color: [255]).write(to: folder.path("wide.png"))
    try expectUsage("--sketch-mask is 64 x 32, of another", "--mode", "foreground", "--sketch-mask", "wide.png")
    try expectUsage(
      "--reference-mask and --background exclude each other", "--sketch-mask", "mask.png", "--reference-mask",
      "mask.png", "--background", "reference.png")
    try expectUsage("The value 'best' is invalid for '--sampler <name>'", "--sampler", "best")
    try expectUsage("there is no backend", "--backend", "abacus")
    try expectUsage("--backend cpu:0: threads is 0, expected 1 to 1024", "--backend", "cpu:0")
    try expectUsage("--precision bf16 is for the processor", "--precision", "bf16", "--backend", "vulkan")
    try expectUsage("--precision f16 needs a Vulkan device", "--precision", "f16")
    if (try? CPUBackend(precision: .bf16)) == nil {
      try expectUsage("neither AVX512-BF16 nor AMX", "--precision", "bf16")
    }
  }

  /// A job that does not fit is refused before it starts, in words of the command line.
  @Test("Memory that is too small") func tooLittleMemory() throws {
    let program = try Program.executable().path
    let job = Folder.quick(["-o", "out.png", "--size", "4096", "--vae-tile", "off"])
    // The shell sets the limit on address space, in KiB, and becomes the program.
    func outcome(_ limit: Int, _ arguments: [String]) throws -> Program.Outcome {
      try Program.run(
        ["-c", "ulimit -v \(limit); exec \"$0\" \"$@\"", program] + arguments, in: folder, executable: "/bin/sh")
    }
    let refused = try outcome(3 << 20, job)
    #expect(refused.status == 1)
    for text in ["MiB of memory and", "MiB are free; with ", "--vae-tile 256", "--force"] {
      #expect(refused.errors.contains(text), "\(text): \(refused.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.png")))
  }

  @Test("What a name says is told, unless it is said aloud") func predictionByName() throws {
    try folder.writeVanillaModel()
    // The sizes are others, so that the run ends where the model is read.
    try FileManager.default.moveItem(
      atPath: folder.path("vanilla.safetensors"), toPath: folder.path("tiny-eps.safetensors"))
    let preset = Folder.quick + ["-o", "out.png", "--model", "tiny-eps.safetensors", "--force"]
    let note = "note: the file's name holds \"eps\", so the network is taken to predict noise"
    #expect(try Program.run(preset + ["--preset", "v1.5"], in: folder).errors.contains(note))
    let convert = ["convert", "tiny-eps.safetensors", "new.safetensors", "--preset", "v1.5"]
    #expect(try Program.run(convert, in: folder).errors.contains(note))
    #expect(!(try Program.run(convert + ["--quiet"], in: folder).errors.contains(note)))
    for more in [["--preset", "v1.5", "--prediction", "v"], []] {
      #expect(!(try Program.run(preset + more, in: folder).errors.contains("note:")))
    }
  }

  @Test("Models that cannot be used") func unusableModels() throws {
    let quick = Folder.quick + ["-o", "out.png"]
    try expectError(3, "there is no such file", quick + ["--model", "none.safetensors"], #_sourceLocation)
    try expectError(
      3, "not a safetensors file", quick + ["--model", "sketch.png", "--preset", "v1.5"], #_sourceLocation)
    try folder.writeVanillaModel()
    try expectUsage(
      "model vanilla.safetensors holds no weights for mode full", "--mode", "full", "--model", "vanilla.safetensors")
    try expectUsage("--preset is v9, expected v1.5", "--model", "vanilla.safetensors", "--preset", "v9")
    try expectUsage("--preset belongs to a checkpoint", "--preset", "v1.5")
    try expectUsage(
      "--config and --preset exclude each other", "--model", "m", "--config", "c", "--preset", "v1.5")
  }
}
