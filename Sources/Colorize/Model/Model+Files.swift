import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Model {
  /// How the configuration of a checkpoint is found.
  public enum ConfigurationChoice: Sendable {
    /// `config.json` beside the weights.
    case besideWeights
    /// That file.
    case file(String)
    /// These numbers, such as ``ModelConfiguration/v1_5``. What the U-Net predicts follows the checkpoint's name, see
    /// ``Model/load(_:imageEncoder:configuration:prediction:)``.
    case given(ModelConfiguration)
  }

  /// A model from files.
  ///
  /// Published checkpoints are told apart by their names: one whose file name holds the word `eps`, in any case, predicts
  /// noise, as `switch-eps.safetensors`. So it is read with a configuration that is given. A file of a configuration says
  /// what the U-Net predicts, and `prediction` says it above all.
  ///
  /// - Parameters:
  ///   - path: a safetensors checkpoint, or a folder that holds `model.safetensors`.
  ///   - imageEncoder: an OpenCLIP file, for a checkpoint that holds no image encoder.
  ///   - configuration: where the sizes come from.
  ///   - prediction: what the U-Net predicts, whatever the configuration and the name say.
  /// - Throws: ``WeightError``, ``ColorizeError/unusableModel(path:reason:)``, ``ConfigurationError``.
  public static func load(
    _ path: String, imageEncoder: String? = nil, configuration: ConfigurationChoice = .besideWeights,
    prediction: PredictionType? = nil
  ) throws -> Model {
    var isFolder: Bool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = exists && isFolder ? path + "/model.safetensors" : path
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    var sizes: ModelConfiguration
    switch configuration {
    case .given(let given):
      try given.validate()
      sizes = given
      if namesNoisePrediction(file) { sizes.prediction = .eps }
    case .file(let configPath): sizes = try readConfiguration(configPath)
    case .besideWeights:
      let configPath = folder + "/config.json"
      guard FileManager.default.fileExists(atPath: configPath) else {
        // A missing checkpoint is the greater fault, so it is reported first.
        _ = try SafetensorsFile(path: file)
        throw ColorizeError.unusableModel(
          path: file,
          reason: "there is no config.json beside it; name a preset (v1.5 for the published checkpoints) or a file")
      }
      sizes = try readConfiguration(configPath)
    }
    if let prediction { sizes.prediction = prediction }
    var weights = WeightSource(try SafetensorsFile(path: file))
    if let imageEncoder { weights.append(try SafetensorsFile(path: imageEncoder), renaming: .openCLIP) }
    let model = Model(name: path, weights: weights, configuration: sizes)
    if prediction == nil, case .given = configuration { return model.guessingPrediction() }
    return model
  }

  /// The preset of that name: `v1.5`.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  public static func preset(named name: String) throws -> ModelConfiguration {
    switch name.lowercased() {
    case "v1.5", "v1_5": return .v1_5
    default: throw ColorizeError.invalidOption(.preset, value: name, expected: "v1.5")
    }
  }

  /// Whether a checkpoint's name, without its folders, says that it predicts noise.
  private static func namesNoisePrediction(_ path: String) -> Bool {
    let name = (path.split(separator: "/").last ?? "").lowercased()
    return name.split { !$0.isLetter && !$0.isNumber }.contains("eps")
  }

  private static func readConfiguration(_ path: String) throws -> ModelConfiguration {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ColorizeError.unusableModel(path: path, reason: "the configuration cannot be read (\(error))")
    }
    guard data.count <= 1 << 20 else {
      throw ColorizeError.unusableModel(path: path, reason: "larger than 1 MiB, so this is no configuration")
    }
    return try decodeConfiguration(data, path: path)
  }
}
