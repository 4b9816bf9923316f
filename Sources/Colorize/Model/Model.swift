// SPDX-License-Identifier: Apache-2.0

import CEmbeddedModel
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A trained model: weights, and the configuration that says what they are.
public struct Model: Sendable {
  /// What it is called in summaries.
  public let name: String
  /// The files.
  public let weights: WeightSource
  /// The sizes, and what the U-Net predicts.
  public let configuration: ModelConfiguration
  /// Whether `ModelConfiguration.prediction` was concluded from the checkpoint's name, and said by nobody.
  public internal(set) var isPredictionGuessed = false
  /// Whether the U-Net's weights are moving averages of training, because the checkpoint holds no others.
  public internal(set) var usesMovingAverages = false
  /// The file with the text tower's vocabulary, `bpe_simple_vocab_16e6.txt` or one like it, compressed or not; nil for
  /// CLIP's own, which is part of the library.
  public var vocabulary: String?

  /// A model of given weights.
  public init(name: String, weights: WeightSource, configuration: ModelConfiguration) {
    self.name = name
    self.weights = weights
    self.configuration = configuration
  }

  /// The model that is part of this library: small pictures of figures, nothing to download.
  ///
  /// - Throws: `WeightError` if the library was built without its weights.
  public static func embedded() throws -> Model {
    let bytes = UnsafeRawBufferPointer(
      start: irodori_embedded_weights(), count: irodori_embedded_weights_size())
    let file = try SafetensorsFile(bytes: bytes, name: "the embedded model")
    let json = UnsafeRawBufferPointer(
      start: irodori_embedded_configuration(), count: irodori_embedded_configuration_size())
    return Model(
      name: "embedded", weights: WeightSource(file),
      configuration: try decodeConfiguration(Data(json), path: "of the embedded model"))
  }

  /// Whether the model has the weights that a mode needs. Their names say so: nothing has to be loaded.
  public func supports(_ mode: InferenceMode) -> Bool {
    // A file that holds some of them and not all is damaged, which loading it tells.
    mode == .vanilla || NetworkParts.hasSplit(weights, configuration: configuration)
  }

  /// The sizes of its text tower, which ``ReferenceManipulation`` and heat maps need; nil if it has none.
  public var textConfiguration: OpenCLIPTextConfiguration? { OpenCLIPTextConfiguration(weights) }

  /// Makes sure that the model supports a mode. What is asked of the other inputs is moot where it does not.
  func require(_ mode: InferenceMode) throws(ColorizeError) {
    guard supports(mode) else { throw .unsupportedMode(mode: mode, model: name) }
  }

  /// How parameters are kept: those of small models in `f32`, which saves converting them at every use; those of large
  /// ones as they are in the file, which halves the memory.
  package var storage: CheckpointParameters.Storage {
    let bytes = weights.files.reduce(0) { $0 + $1.dataByteCount }
    return bytes <= 256 << 20 ? .converted(.f32) : .asStored
  }

  /// Decodes a `config.json`, naming the field that is wrong.
  package static func decodeConfiguration(_ data: Data, path: String) throws -> ModelConfiguration {
    // Editors on other systems put a mark before the text.
    let text = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
    do {
      let configuration = try JSONDecoder().decode(ModelConfiguration.self, from: Data(text))
      try configuration.validate()
      if let key = JSONFault.repeatedKey(of: Data(text)) {
        throw ColorizeError.unusableModel(
          path: path, reason: "the field “\(key)” stands there twice in one object; leave the one that is meant")
      }
      return configuration
    } catch let error as DecodingError {
      throw ColorizeError.unusableModel(
        path: path, reason: JSONFault.description(of: Data(text)) ?? describe(error))
    } catch let error as ConfigurationError {
      throw ColorizeError.unusableModel(path: path, reason: error.description)
    } catch let error as ScheduleError {
      throw ColorizeError.unusableModel(path: path, reason: error.description)
    }
  }

  private static func describe(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.isEmpty
        ? "" : context.codingPath.map(\.stringValue).joined(separator: ".") + ": "
    }
    switch error {
    case .keyNotFound(let key, let context) where context.codingPath.isEmpty && key.stringValue == "unet":
      return
        "the field “unet” is missing, so this is the configuration of another program; name a preset (v1.5 for the "
        + "published checkpoints) or another file"
    case .keyNotFound(let key, let context):
      return "\(path(context))the field “\(key.stringValue)” is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context))\(JSONFault.mismatch(error) ?? context.debugDescription)"
    case .dataCorrupted(let context):
      return "\(path(context))\(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }
}
