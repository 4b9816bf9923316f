import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// Says what is in a model's file, or in a picture that the program made.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a model holds and whether it is complete, or how a PNG was made.",
    discussion: """
      Reads every weight, computes nothing. Ends with status 3 if the model cannot be used as it is.
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint, safetensors or of PyTorch, a folder with one, or a PNG file. Without it, the built-in model.",
      valueName: "file"))
  var path: String?

  @OptionGroup var checkpoint: CheckpointOptions

  func run() async throws {
    guard let path else { return try await inspect(try Model.embedded()) }
    if Self.begins(path, with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      return try Self.printText(of: path)
    }
    if Self.begins(path, with: [0xFF, 0xD8, 0xFF]) {
      throw ToolError.usage(
        "\(path): a JPEG holds no options; give a PNG that this program made, or a model's file or folder")
    }
    let choice = try checkpoint.configuration()
    guard FileManager.default.fileExists(atPath: path) else {
      throw ToolError.usage("\(path): there is no such file. Check the path.")
    }
    do {
      try await inspect(
        try Model.load(path, imageEncoder: checkpoint.imageEncoder, configuration: choice))
    } catch let error as ColorizeError where checkpoint.config == nil && checkpoint.preset == nil {
      // What the file holds can be told without a configuration; whether it is a model cannot.
      guard let weights = try? Model.weights(path) else { throw error }
      for line in WeightsSummary(weights).lines { Console.shared.output(line) }
      throw error
    }
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
      let modes = InferenceMode.allCases.filter(model.supports).map(\.rawValue)
      Console.shared.output("modes: \(modes.joined(separator: ", "))")
      Console.shared.output(report.description)
    } catch WeightError.mismatch(let report) {
      Console.shared.output(report.description)
      throw WeightError.mismatch(report)
    }
  }

  private static func begins(_ path: String, with signature: [UInt8]) -> Bool {
    // What is no file, such as a pipe, might keep the reader waiting.
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let handle = FileHandle(forReadingAtPath: path)
    else { return false }
    defer { try? handle.close() }
    guard let head = try? handle.read(upToCount: signature.count) else { return false }
    return head.elementsEqual(signature)
  }

  private static func printText(of path: String) throws {
    let texts: [(key: String, value: String)]
    do {
      texts = try PNGText.read(path: path)
    } catch {
      throw ToolError.usage(error.description)
    }
    guard let parameters = texts.first(where: { $0.key == "parameters" })?.value,
      let options = try? JSONDecoder().decode(StoredOptions.self, from: Data(parameters.utf8))
    else {
      throw ToolError.usage(
        "\(path): this PNG holds no options of this program; give a picture that it made")
    }
    if let software = texts.first(where: { $0.key == "Software" })?.value {
      Console.shared.output("software: \(ToolError.oneLine(software))")
    }
    Console.shared.output(try JSONOutput.pretty(options))
  }
}
