// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// Writes a checkpoint of random weights.
struct RandomModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-random-model",
    abstract: "Write a checkpoint of random weights, to measure speed and memory without a trained model.",
    discussion: "The pictures it makes are noise. config.json is written beside it.")

  @Argument(
    help: ArgumentHelp("The .safetensors file to write, or a folder for model.safetensors.", valueName: "path"))
  var path: String

  @Option(help: ArgumentHelp("The sizes: v1.5, or embedded for those of the built-in model.", valueName: "name"))
  var preset = "v1.5"

  @Option(help: ArgumentHelp("The element type.", valueName: "name"))
  var dtype: DType = .f16

  @Option(help: ArgumentHelp("The seed of the weights.", valueName: "n"))
  var seed: UInt64 = 0

  @Flag(help: "Also write a text tower, for --manipulate: OpenCLIP ViT-H/14's sizes, or a small one for embedded.")
  var textTower = false

  @OptionGroup var replacing: OverwriteOptions

  @Flag(help: "No progress and no notes; only errors.")
  var quiet = false

  func run() async throws {
    let configuration = preset == "embedded" ? try Model.embedded().configuration : try Model.preset(named: preset)
    let file = try CheckpointFile(path, configuration: configuration, overwrite: replacing.overwrite)
    let progress = Progress(isQuiet: quiet)
    defer { progress.finish() }
    progress.begin("writing random weights")
    var weights = try RandomWeights(seed: seed, dtype: dtype)
    var parameters = try ColorizationNetwork.parameters(of: configuration)
    if textTower { parameters += try OpenCLIPTextTower.parameters(of: textConfiguration(configuration)) }
    try file.write(
      parameters, dtype: dtype, metadata: ["weights": "random", "seed": "\(seed)"], progress: progress
    ) { [parameters] index, write in
      try weights.write(parameters[index].key, shape: parameters[index].shape, to: write)
    }
    if !quiet { file.report(parameters, dtype: dtype, progress: progress) }
  }

  /// The sizes of the text tower.
  private func textConfiguration(_ configuration: ModelConfiguration) -> OpenCLIPTextConfiguration {
    let isSmall = preset == "embedded"
    return OpenCLIPTextConfiguration(
      vocabularySize: 49_408, contextLength: 77, width: isSmall ? 64 : 1024, layers: isSmall ? 3 : 24,
      outputWidth: configuration.imageEncoder.outputWidth)
  }
}
