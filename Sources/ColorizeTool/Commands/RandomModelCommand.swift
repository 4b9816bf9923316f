import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

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

  @Flag(help: "No progress and no notes; only errors.")
  var quiet = false

  func run() async throws {
    let configuration = preset == "embedded" ? try Model.embedded().configuration : try Model.preset(named: preset)
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = exists && isFolder.boolValue ? "\(path)/model.safetensors" : path
    guard file.hasSuffix(".safetensors") else {
      throw ToolError.usage("\(file): the name must end in .safetensors, or be that of a folder")
    }
    let configPath = (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + "config.json"
    let hasConfiguration = try isPresent(configuration, at: configPath)

    let progress = Progress(isQuiet: quiet)
    defer { progress.finish() }
    progress.begin("writing random weights")
    var weights = try RandomWeights(seed: seed, dtype: dtype)
    let parameters = try ColorizationNetwork.parameters(of: configuration)
    let writer = try SafetensorsWriter(
      path: file,
      tensors: parameters.map { .init(key: $0.key, dtype: SafetensorsDType(dtype), shape: $0.shape.extents) },
      metadata: ["software": "\(Tool.name) \(Tool.version)", "weights": "random", "seed": "\(seed)"])
    for (index, parameter) in parameters.enumerated() {
      try weights.write(parameter.key, shape: parameter.shape) { bytes in
        try Task.checkCancellation()
        try writer.write(parameter.key, bytes)
      }
      progress.step(index + 1, of: parameters.count)
    }
    try Task.checkCancellation()
    try writer.finish()
    if !hasConfiguration {
      try AtomicFile.write(Array(try JSONOutput.pretty(configuration).utf8) + [0x0A], to: configPath)
    }
    progress.finish()
    guard !quiet else { return }
    let total = parameters.reduce(0) { $0 + $1.shape.elementCount }
    Console.shared.output("wrote \(file) (\(Format.count(total)) parameters, \(dtype.rawValue)) and \(configPath)")
    Console.shared.output("done in \(Format.decimal(progress.elapsed, 1)) s")
  }

  /// Whether `config.json` is there already; one of another model must not be replaced.
  private func isPresent(_ configuration: ModelConfiguration, at path: String) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let found = FileManager.default.contents(atPath: path)
      .flatMap { try? JSONDecoder().decode(ModelConfiguration.self, from: $0) }
    guard found == configuration else {
      throw ToolError.usage("\(path): it exists and describes another model; choose an empty folder")
    }
    return true
  }
}
