// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import DiffusionVulkan

/// What is measured, and how: the options that every group's process is given too.
struct Settings: ParsableArguments {
  @Option(help: "The backend: cpu, cpu:N (threads), vulkan, vulkan:N (device).")
  var backend = "cpu"
  @Option(
    help:
      "f32; f16 to store numbers so on a Vulkan device; bf16 to multiply so on a processor that can. Sums are in f32.")
  var precision: Precision = .f32
  @Option(help: "The network's sizes: v1.5, or embedded for those of the built-in model.")
  var preset: Preset = .published
  @Option(help: "The picture's side in pixels. (default: 512; 256 with --preset embedded; of quality the model's own)")
  var size: Int?
  @Option(help: "Counted runs of each. (default: 3; the job 1)")
  var runs: Int?
  @Option(help: "Sampling steps. (default: of the job 20; of quality the model's own)")
  var steps: Int?
  @Option(help: "The element type of the weights: f32, f16, bf16.")
  var weights: DType = .f16
  @Option(
    help: ArgumentHelp(
      "The job's checkpoint, written with random weights if there is none (default: a temporary file); the model, or its "
        + "folder, that quality judges (default: the embedded one).",
      valueName: "path"))
  var model: String?
  @Flag(help: "The job's random checkpoint is made in memory instead of in a file.")
  var weightsInMemory = false
  @Option(help: ArgumentHelp("Only the rows whose name has this in it (groups ops, unet, parts).", valueName: "text"))
  var only: String?
  @Flag(help: "Also print a step's and each part's time by the backend's members (groups unet, parts and training).")
  var profile = false

  @Flag(help: "Run the same work in PyTorch, in turns with ours.")
  var compare = false
  @Option(help: "PyTorch's element type: f32, f16, bf16.")
  var compareDtype: PeerDType = .f32
  @Option(help: "PyTorch's device: cpu, cuda.")
  var compareDevice: PeerDevice = .cpu
  @Flag(help: "Let PyTorch compile its networks: torch.compile, with CUDA graphs on a card.")
  var compareCompiled = false
  @Option(help: "PyTorch's layout of images: auto (the faster one), nchw, nhwc.")
  var compareLayout: PeerLayout = .auto
  @Option(help: ArgumentHelp("The Python that has PyTorch.", valueName: "path"))
  var python = "python3"

  enum Preset: String, ExpressibleByArgument, CaseIterable {
    case published = "v1.5"
    case embedded
  }
  enum Precision: String, ExpressibleByArgument, CaseIterable { case f32, f16, bf16 }
  enum PeerDType: String, ExpressibleByArgument, CaseIterable { case f32, f16, bf16 }
  enum PeerDevice: String, ExpressibleByArgument, CaseIterable { case cpu, cuda }
  enum PeerLayout: String, ExpressibleByArgument, CaseIterable { case auto, nchw, nhwc }

  func validate() throws {
    guard pixels % 64 == 0, (64...2048).contains(pixels) else {
      throw ValidationError("--size is \(pixels), expected a multiple of 64 from 64 to 2048")
    }
    guard (1...100).contains(runs ?? 1) else { throw ValidationError("--runs is \(runs ?? 1), expected 1 to 100") }
    guard (1...1000).contains(jobSteps) else { throw ValidationError("--steps is \(jobSteps), expected 1 to 1000") }
    guard compare || (compareDtype == .f32 && compareDevice == .cpu && compareLayout == .auto && !compareCompiled)
    else {
      throw ValidationError(
        "--compare-dtype, --compare-device, --compare-compiled and --compare-layout say how to compare; add --compare")
    }
    guard [nil, BackendName(backend).family].contains(precision.family) else {
      throw ValidationError(
        "--precision \(precision.rawValue) is for --backend \(precision.family ?? ""), not for \(backend)")
    }
    guard model == nil || !weightsInMemory else {
      throw ValidationError("--model and --weights-in-memory exclude each other; give one")
    }
  }

  /// The picture's side.
  var pixels: Int { size ?? pixels(of: preset) }
  /// The side that is usual for a network.
  func pixels(of preset: Preset) -> Int { preset == .embedded ? 256 : 512 }

  /// Whether a row is asked for.
  func wants(_ row: String) -> Bool { only.map { row.contains($0) } ?? true }
  /// The job's steps.
  var jobSteps: Int { steps ?? 20 }

  /// The network's sizes.
  func configuration() throws -> ModelConfiguration {
    switch preset {
    case .published: .v1_5
    case .embedded: try Model.embedded().configuration
    }
  }

  /// The backend that is measured.
  func makeBackend() throws -> any Backend {
    let device = BackendName(backend).device
    switch precision {
    case .f32: return try BackendRegistry.shared.makeBackend(backend)
    case .bf16: return try CPUBackend(device, precision: .bf16)
    case .f16:
      var options = VulkanBackend.Options()
      options.storageType = .f16
      return try VulkanBackend(device, options: options)
    }
  }

  /// The same settings as a command line.
  var arguments: [String] {
    var list = [
      "--backend=\(backend)", "--preset=\(preset.rawValue)", "--size=\(pixels)", "--steps=\(jobSteps)",
      "--weights=\(weights.rawValue)", "--precision=\(precision.rawValue)",
    ]
    if let runs { list.append("--runs=\(runs)") }
    if let model { list.append("--model=\(model)") }
    if weightsInMemory { list.append("--weights-in-memory") }
    if let only { list.append("--only=\(only)") }
    if profile { list.append("--profile") }
    if compare {
      list += [
        "--compare", "--compare-dtype=\(compareDtype.rawValue)", "--compare-layout=\(compareLayout.rawValue)",
        "--compare-device=\(compareDevice.rawValue)", "--python=\(python)",
      ]
      if compareCompiled { list.append("--compare-compiled") }
    }
    return list
  }
}

extension Settings.Precision {
  /// The family of backends that it is for, nil for all.
  fileprivate var family: String? {
    switch self {
    case .f32: nil
    case .f16: "vulkan"
    case .bf16: "cpu"
    }
  }
}

extension DType: @retroactive ExpressibleByArgument {}
