// SPDX-License-Identifier: Apache-2.0

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
    /// These numbers, such as `ModelConfiguration.v1_5`. What the U-Net predicts follows the checkpoint's name, see
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
  ///   - path: a safetensors checkpoint, one of PyTorch (see `PyTorchFile`), the index or a shard of one in several files, or a folder that holds it:
  ///     `model.safetensors`, or the only one there.
  ///   - imageEncoder: an OpenCLIP file, for a checkpoint that holds no image encoder.
  ///   - textEncoder: an OpenCLIP file, for a checkpoint that holds no text tower. One with both towers is both.
  ///   - configuration: where the sizes come from.
  ///   - prediction: what the U-Net predicts, whatever the configuration and the name say.
  /// - Throws: `WeightError`, ``ColorizeError/unusableModel(path:reason:)``, `ConfigurationError`.
  public static func load(
    _ path: String, imageEncoder: String? = nil, textEncoder: String? = nil,
    configuration: ConfigurationChoice = .besideWeights,
    prediction: PredictionType? = nil
  ) throws -> Model {
    let paths = try CheckpointPaths(path)
    let (file, folder) = (paths.main, paths.folder)
    var sizes: ModelConfiguration
    switch configuration {
    case .given(let given):
      try given.validate()
      sizes = given
      if namesNoisePrediction(file) { sizes.prediction = .eps }
    case .file(let configPath): sizes = try readConfiguration(configPath)
    case .besideWeights:
      let configPath = folder + "/config.json"
      guard FileName.kind(configPath) != .none else {
        // A missing checkpoint is the greater fault, so it is reported first.
        let keys = try paths.files.flatMap { try WeightFiles.open($0).keys }
        if keys.isEmpty {
          throw ColorizeError.unusableModel(
            path: file, reason: "the file holds no tensor at all: download or export it again")
        }
        if let other = OtherModel.advice(forKeys: keys) ?? NetworkLandmark.advice(forKeys: keys) {
          throw ColorizeError.unusableModel(path: file, reason: other)
        }
        throw ColorizeError.unusableModel(
          path: file,
          reason:
            "there is no config.json beside it; name a preset (v1.5 for the published checkpoints) or a file"
        )
      }
      sizes = try readConfiguration(configPath)
    }
    if let prediction { sizes.prediction = prediction }
    var (weights, usesMovingAverages) = try Self.source(paths, configuration: sizes)
    if let imageEncoder {
      weights.append(try WeightFiles.open(imageEncoder), renaming: .openCLIP)
    }
    if let textEncoder, textEncoder != imageEncoder {
      weights.append(try WeightFiles.open(textEncoder), renaming: .openCLIP)
    }
    var model = Model(name: path, weights: weights, configuration: sizes)
    if prediction == nil, case .given = configuration { model.isPredictionGuessed = true }
    model.usesMovingAverages = usesMovingAverages
    return model
  }

  /// The weights of a checkpoint as its files name them, without a configuration.
  ///
  /// - Throws: ``WeightError``, ``ColorizeError/unusableModel(path:reason:)``.
  package static func weights(_ path: String) throws -> WeightSource {
    var source = WeightSource()
    for (file, owner) in try CheckpointPaths(path).open() { source.append(file, owner: owner) }
    return source
  }

  /// The weights of a checkpoint under their bare names: without what programs wrap them in, and moving averages in place
  /// of what there is nothing else of.
  private static func source(_ paths: CheckpointPaths, configuration: ModelConfiguration) throws
    -> (weights: WeightSource, usesMovingAverages: Bool)
  {
    let files = try paths.open()
    let keys = files.flatMap(\.file.keys)
    var renaming = KeyRenaming.unwrapping(keys) ?? .none
    var usesAverages = false
    let names = keys.map { renaming($0) }
    if names.contains(where: { $0.hasPrefix("model_ema.") }) {
      let wanted = try ColorizationNetwork.parameters(of: configuration).map(\.key)
      if let averages = KeyRenaming.movingAverages(names, wanted: wanted) {
        renaming = renaming.followed(by: averages, for: keys)
        usesAverages = true
      }
    }
    var source = WeightSource()
    for (file, owner) in files { source.append(file, renaming: renaming, owner: owner) }
    return (source, usesAverages)
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
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileReader.bytes(of: path, limit: 1 << 20)
    } catch {
      let reason =
        switch error {
        case .notFound: "there is no such file. Check the path"
        case .unreadable(_, let reason): "the configuration cannot be read: \(reason)"
        case .empty: "the configuration is empty"
        case .tooLarge: "larger than 1 MiB, so this is no configuration"
        }
      throw ColorizeError.unusableModel(path: path, reason: reason)
    }
    return try decodeConfiguration(Data(bytes), path: path)
  }
}
