// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import ColorizeTraining
import DiffusionCore
import Foundation

/// Says what is in a model's file, or in a picture that the program made.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Say what a model holds and whether it is complete, what an addition (LoRA) was trained on, or how a PNG was made.",
    discussion: """
      Reads every weight, computes nothing. Ends with status 3 if the model cannot be used as it is.
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint, an addition to one, or a network that finds lines or figures, safetensors or of PyTorch, a folder with one, or a PNG file (- is one from standard input). Without it, the "
        + "built-in model.",
      valueName: "file"))
  var path: String?

  @OptionGroup var checkpoint: CheckpointOptions

  func run() async throws {
    noteIdle(checkpoint.flags.filter { $0.name == "--vocabulary" }, "it is not looked at")
    let others = checkpoint.flags.filter { $0.name != "--vocabulary" }
    guard let path else {
      noteIdle(others, "the built-in model is whole")
      return try await inspect(try Model.embedded())
    }
    if path == StandardStreams.name {
      noteIdle(others, "this is a picture")
      return try Self.printText(of: path)
    }
    if Self.begins(path, with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      noteIdle(others, "this is a picture")
      return try Self.printText(of: path)
    }
    if Self.begins(path, with: [0xFF, 0xD8, 0xFF]) {
      throw ToolError.usage(
        "\(path): a JPEG holds no options; give a PNG that this program made, or a model's file or folder")
    }
    let choice = try checkpoint.configuration()
    guard FileName.kind(path) != .none else {
      throw ToolError.usage("\(path): there is no such file. Check the path.")
    }
    try await Interruption.shared.endingAtOnce {
      for file in (try? Model.weights(path))?.files ?? [] where file is PyTorchFile {
        if let line = try StoredChecksums(path: file.name)?.line { Console.shared.note("\(file.name): \(line)") }
      }
    }
    let statePath = TrainingPlan.lastState(in: path) ?? path
    if let file = try? SafetensorsFile(path: statePath), let state = TrainingStateRecord(file) {
      noteIdle(others, "this is the state of a training")
      return try Self.inspect(state, path: statePath)
    }
    if let file = try? SafetensorsFile(path: path), LoRAFile.resembles(file) {
      noteIdle(others, "this is an addition to a model")
      return try inspect(LoRAFile(file))
    }
    if let file = try? NetworkFile(path) {
      switch file.content {
      case .lineExtraction, .figureSegmentation:
        noteIdle(others, "this network is known by its keys")
        return try await inspect(file)
      case .other: break
      }
    }
    do {
      try await inspect(
        try Model.load(
          path, imageEncoder: checkpoint.imageEncoder, textEncoder: checkpoint.textEncoder, configuration: choice))
    } catch let error as ColorizeError where checkpoint.config == nil && checkpoint.preset == nil {
      // What the file holds can be told without a configuration; whether it is a model cannot.
      guard let weights = try? Model.weights(path) else { throw error }
      for line in WeightsSummary(weights).lines { Console.shared.output(line) }
      throw error
    }
  }

  private func noteIdle(_ flags: [(name: String, isGiven: Bool)], _ reason: String) {
    if let line = IdleNotes.line(flags, reason) { Console.shared.note(line) }
  }

  private func inspect(_ model: Model) async throws {
    Console.shared.output("model: \(model.name)")
    for line in WeightsSummary(model.weights).lines { Console.shared.output(line) }
    let configuration = model.configuration
    let lora =
      configuration.lora.map { "foreground \($0.foreground), background \($0.background)" }
      ?? "none"
    Console.shared.output(
      "configuration: predicts \(configuration.prediction.rawValue), pictures of \(configuration.imageSize), "
        + "\(configuration.unet.modelChannels) x \(configuration.unet.channelMultipliers) channels, low-rank branches: "
        + lora)
    let weights = model.weights
    do {
      let (_, report) = try await Interruption.shared.endingAtOnce {
        try ColorizationNetwork.load(
          weights, configuration: configuration, backend: ShapeOnlyBackend())
      }
      if let text = model.textConfiguration {
        try await Interruption.shared.endingAtOnce {
          try NetworkParts.checkTextTower(weights, configuration: text)
        }
        Console.shared.output(
          "texts: a text tower of \(text.layers) layers of \(text.width) channels; --manipulate and heat-map work")
      }
      let modes = InferenceMode.allCases.filter(model.supports).map(\.rawValue)
      Console.shared.output("modes: \(modes.joined(separator: ", "))")
      Console.shared.output(report.description)
    } catch WeightError.mismatch(let report) {
      Console.shared.output(report.description)
      throw WeightError.mismatch(report)
    }
  }

  /// Says which network a file holds that finds lines or figures, and whether it is whole.
  private func inspect(_ file: NetworkFile) async throws {
    Console.shared.output("network: \(file.content.description) (\(ToolError.oneLine(file.path)))")
    for line in WeightsSummary(file.source).lines { Console.shared.output(line) }
    if case .lineExtraction(.pixToPix(let sizes)) = file.content {
      Console.shared.output(
        "sizes: \(sizes.widths.count) levels of \(sizes.widths) channels, pictures with sides that are multiples of "
          + "\(1 << sizes.widths.count)")
    }
    do {
      let report = try await Interruption.shared.endingAtOnce {
        if case .figureSegmentation = file.content {
          return try await FigureSegmenter(file, backend: ShapeOnlyBackend()).loadReport
        }
        return try await LineExtractor(file, backend: ShapeOnlyBackend()).loadReport
      }
      let option = file.content == .figureSegmentation ? "--segmenter" : "--extractor"
      Console.shared.output("it is used with \(option)")
      Console.shared.output(report.description)
    } catch WeightError.mismatch(let report) {
      Console.shared.output(report.description)
      throw WeightError.mismatch(report)
    }
  }

  /// Says what an addition to a model was trained on, and how.
  private func inspect(_ lora: LoRAFile) throws {
    Console.shared.output("addition to a model (LoRA): \(ToolError.oneLine(lora.file.name))")
    for line in WeightsSummary(WeightSource(lora.file), hidden: [TrainingRecord.metadataKey]).lines {
      Console.shared.output(line)
    }
    let (foreground, background) = lora.ranks
    Console.shared.output(
      "ranks: foreground \(foreground.map(\.description) ?? "none"), background \(background.map(\.description) ?? "none")"
    )
    guard let record = TrainingRecord(lora) else {
      return Console.shared.output("training: the file does not say how it was trained")
    }
    for line in record.lines { Console.shared.output(ToolError.oneLine(line)) }
    if record.model == "embedded" {
      let isPresent = "\(ModelFingerprint(try Model.embedded().weights))" == record.modelFingerprint
      Console.shared.output(
        isPresent ? "it fits the built-in model" : "it was trained on another version of the built-in model than this")
    }
  }

  private static func begins(_ path: String, with signature: [UInt8]) -> Bool {
    // What is no file, such as a pipe, might keep the reader waiting.
    var status = stat()
    guard stat(FileName.cString(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let descriptor = Optional(open(FileName.cString(path), O_RDONLY | O_CLOEXEC)), descriptor >= 0
    else { return false }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: signature.count)
    return read(descriptor, &head, head.count) == head.count && head == signature
  }

  private static func printText(of path: String) throws {
    let (options, software, _) = try StoredOptions.read(from: path)
    if let software {
      Console.shared.output("software: \(ToolError.oneLine(software))")
    }
    Console.shared.output(try JSONOutput.pretty(options))
  }
}
