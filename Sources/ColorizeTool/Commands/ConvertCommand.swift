// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// Writes a checkpoint anew, complete and in one element type.
struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract:
      "Write a checkpoint anew: complete in one file, with its configuration, by default in f16.",
    discussion: """
      The published files hold f32 and no image encoder. In f16 they take half of the memory, and with the image \
      encoder in the same file nothing else need be named:

        colorize convert switch-eps.safetensors models/switch.safetensors \\
          --preset v1.5 --image-encoder open_clip_model.safetensors
        colorize -s sketch.png -r reference.png -o result.png \\
          --model models/switch.safetensors

      With --lora the additions become part of the checkpoint. Only what the network needs is taken, and its text tower if there is one. config.json is written beside the file.
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint, safetensors or of PyTorch (.ckpt, .pt, .pth; nothing in it is run), or a folder with one.",
      valueName: "input"))
  var input: String

  @Argument(
    help: ArgumentHelp(
      "The .safetensors file to write, or a folder for model.safetensors.", valueName: "path"))
  var path: String

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(help: CheckpointOptions.predictionHelp)
  var prediction: PredictionType?

  @Option(help: ArgumentHelp("The element type.", valueName: "name"))
  var dtype: DType = .f16

  @OptionGroup var additions: LoRAOptions
  @OptionGroup var replacing: OverwriteOptions

  @Flag(help: "No progress and no notes; only errors.")
  var quiet = false

  func run() async throws {
    let uses = try additions.open()
    let model = try checkpoint.open(input, prediction: prediction) {
      if !quiet { Console.shared.note($0) }
    }.adding(uses)
    let file = try CheckpointFile(
      path, configuration: model.configuration, overwrite: replacing.overwrite,
      inputs: model.weights.files.map(\.name))
    if let line = IdleNotes.line([("--vocabulary", checkpoint.vocabulary != nil)], "only runs with texts read it"),
      !quiet
    {
      Console.shared.note(line)
    }
    let progress = Progress(isQuiet: quiet)
    defer { progress.finish() }
    progress.begin("checking the weights")
    // All of its faults, before anything is written.
    let report = try await Interruption.shared.endingAtOnce {
      do {
        let (_, report) = try ColorizationNetwork.load(
          model.weights, configuration: model.configuration, backend: ShapeOnlyBackend())
        return report
      } catch WeightError.mismatch(let report) where report.isUsable {
        // The network is whole; what is left over stays behind.
        return report
      }
    }
    if !quiet, let first = report.unexpected.first {
      let names = report.unexpected.prefix(8).map { ToolError.oneLine($0.key) }.joined(
        separator: ", ")
      let more = report.unexpected.count > 8 ? " ..." : ""
      Console.shared.note(
        report.unexpected.count == 1
          ? "left out \(ToolError.oneLine(first.key)), which the network does not know"
          : "left out \(report.unexpected.count) tensors that the network does not know: \(names)\(more)"
      )
    }
    // A file for the vanilla mode alone does not have all of them.
    var parameters = try ColorizationNetwork.parameters(of: model.configuration).filter {
      model.weights[$0.key] != nil
    }
    if let text = model.textConfiguration {
      let weights = model.weights
      try await Interruption.shared.endingAtOnce {
        try NetworkParts.checkTextTower(weights, configuration: text)
      }
      parameters += try OpenCLIPTextTower.parameters(of: text)
    }
    progress.begin("writing")
    let backend = try CPUBackend()
    // They were found to be finite just now.
    let stored = CheckpointParameters(
      WeightReader(model.weights, checksFinite: false), backend: backend)
    try file.write(parameters, dtype: dtype, metadata: [:], progress: progress) { index, write in
      let (key, shape) = parameters[index]
      let tensor = try stored.parameter(key, shape: shape)
      let largest = try tensor.cast(to: .f32).reshaped([1, shape.elementCount]).abs().max()
        .floats()[0]
      guard largest < dtype.overflow else {
        throw ToolError(
          .unusableModel,
          "\(key) holds \(largest), which is no number in \(dtype.rawValue); choose another --dtype"
        )
      }
      let converted = try tensor.cast(to: dtype)
      var bytes = [UInt8](repeating: 0, count: shape.elementCount * dtype.byteWidth)
      try bytes.withUnsafeMutableBytes {
        try backend.read(converted.operand.buffer, byteOffset: 0, into: $0)
      }
      try bytes.withUnsafeBytes(write)
    }
    if !quiet { file.report(parameters, dtype: dtype, progress: progress) }
  }
}
