// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import DiffusionVulkan

/// What a checkpoint's file does not say by itself.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model's configuration. (default: config.json beside the checkpoint)", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("A known configuration instead of a file: v1.5.", valueName: "name"))
  var preset: String?

  @Option(
    help: ArgumentHelp(
      "An OpenCLIP ViT-H/14 file, for a checkpoint without an image encoder.", valueName: "file"))
  var imageEncoder: String?

  @Option(
    help: ArgumentHelp(
      "An OpenCLIP ViT-H/14 file, for --manipulate with a checkpoint without a text tower. One that --image-encoder names "
        + "need not be named again.", valueName: "file"))
  var textEncoder: String?

  @Option(
    help: ArgumentHelp(
      "The text tower's byte-pair merges, if they are not CLIP's: a file like bpe_simple_vocab_16e6.txt.gz.",
      valueName: "file"))
  var vocabulary: String?

  /// Where the sizes come from.
  func configuration() throws -> Model.ConfigurationChoice {
    if config != nil && preset != nil {
      throw ToolError.usage("--config and --preset exclude each other; give one")
    }
    if let config { return .file(config) }
    return try preset.map { .given(try Model.preset(named: $0)) } ?? .besideWeights
  }

  /// Opens a checkpoint: its files are checked and mapped, the weights not yet read.
  ///
  /// - Parameters:
  ///   - prediction: what the network predicts, nil for what configuration and name say.
  ///   - note: told what was concluded and not said.
  func open(_ path: String, prediction: PredictionType?, note: (String) -> Void) throws -> Model {
    var model = try Model.load(
      path, imageEncoder: imageEncoder, textEncoder: textEncoder, configuration: try configuration(),
      prediction: prediction)
    model.vocabulary = vocabulary
    if model.usesMovingAverages {
      note("the checkpoint holds only the moving averages of its U-Net's weights, which are used")
    }
    if model.isPredictionGuessed {
      let isNoise = model.configuration.prediction == .eps
      note(
        isNoise
          ? "the file's name holds \"eps\", so the network is taken to predict noise; if it does not, say --prediction v"
          : "the file's name holds no \"eps\", so the network is taken to predict v; if it predicts noise, say --prediction "
            + "eps")
    }
    return model
  }

  /// What `--prediction` says of itself.
  static let predictionHelp = ArgumentHelp(
    "What the network predicts, v or eps. (default: what --config or config.json says; with --preset eps if the "
      + "file's name holds \"eps\", else v)", valueName: "type")
}

/// The model.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A checkpoint, safetensors or of PyTorch, the index of one in several files, or a folder that holds it. (default: the built-in "
        + "model)",
      valueName: "path"))
  var model: String?

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(help: CheckpointOptions.predictionHelp)
  var prediction: PredictionType?

  @OptionGroup var additions: LoRAOptions

  /// Opens the model: its files are checked and mapped, the weights not yet read. Additions are put in.
  ///
  /// - Parameter note: told what was concluded and not said.
  func open(note: (String) -> Void) throws -> Model {
    let uses = try additions.open()
    for use in uses where use.scale == 0 { note("--lora \(use.shortName) adds nothing: its scale is 0") }
    return try openBase(note: note).adding(uses)
  }

  private func openBase(note: (String) -> Void) throws -> Model {
    guard let model else {
      // Two ways to say the sizes are one too many, whatever they are for.
      _ = try checkpoint.configuration()
      for (option, value) in [
        ("--config", checkpoint.config), ("--preset", checkpoint.preset),
        ("--image-encoder", checkpoint.imageEncoder), ("--text-encoder", checkpoint.textEncoder),
        ("--vocabulary", checkpoint.vocabulary),
      ] where value != nil {
        throw ToolError.usage("\(option) belongs to a checkpoint; give its path with --model")
      }
      let embedded = try Model.embedded()
      guard let prediction else { return embedded }
      var configuration = embedded.configuration
      configuration.prediction = prediction
      return Model(name: embedded.name, weights: embedded.weights, configuration: configuration)
    }
    return try checkpoint.open(model, prediction: prediction, note: note)
  }
}

extension CheckpointOptions {
  /// Those that only say how a text is read.
  var textFlags: [(name: String, isGiven: Bool)] {
    [("--text-encoder", textEncoder != nil), ("--vocabulary", vocabulary != nil)]
  }

  /// All of them.
  var flags: [(name: String, isGiven: Bool)] {
    [("--config", config != nil), ("--preset", preset != nil), ("--image-encoder", imageEncoder != nil)] + textFlags
  }
}

/// Where to compute.
struct BackendOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute: cpu, cpu:4 for four threads, or a device that `colorize devices` lists.",
      valueName: "name"))
  var backend = "cpu"

  @Option(
    help: ArgumentHelp(
      "f32; f16 to store numbers so on a Vulkan device; bf16 to multiply so on a processor with AVX512-BF16 or AMX. "
        + "Sums are in f32 in any case.",
      valueName: "type"))
  var precision = Precision.f32

  /// Those that are given, for commands that may have nothing to compute.
  var flags: [(name: String, isGiven: Bool)] {
    [("--backend", backend != "cpu"), ("--precision", precision != .f32)]
  }

  /// How numbers are stored or multiplied.
  enum Precision: String, CaseIterable, ExpressibleByArgument {
    case f32, f16, bf16
  }

  /// Opens the backend.
  ///
  /// - Throws: `BackendError`; ``ToolError`` if the precision is not one of that backend.
  func makeBackend() throws -> any Backend {
    do {
      return try open(BackendName(backend))
    } catch BackendError.invalidOption(let name, let value, let expected) {
      throw ToolError.usage("--backend \(backend): \(name) is \(value), expected \(expected)")
    }
  }

  private func open(_ name: BackendName) throws -> any Backend {
    switch precision {
    case .f32: return try BackendRegistry.shared.makeBackend(backend)
    case .f16:
      guard name.family == "vulkan" else {
        throw ToolError.usage(
          "--precision f16 needs a Vulkan device: add --backend vulkan, or leave it out")
      }
      var options = VulkanBackend.Options()
      options.storageType = .f16
      return try VulkanBackend(name.device, options: options)
    case .bf16:
      guard name.family == "cpu" else {
        throw ToolError.usage(
          "--precision bf16 is for the processor: choose --backend cpu, or leave it out")
      }
      return try CPUBackend(name.device, precision: .bf16)
    }
  }
}
