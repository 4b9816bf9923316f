// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Why a request cannot be carried out.
public enum ColorizeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A setting is out of its range, or does not go with another.
  case invalidOption(Option, value: String, expected: String)
  /// The mode needs an input that the request does not have.
  case missingInput(Input, mode: InferenceMode)
  /// Two inputs that exclude each other: one would have to be ignored.
  case contradictoryInputs(Input, Input)
  /// A mask whose aspect is not its picture's, by more than 1% and a pixel: ``Input/sketchMask`` or
  /// ``Input/referenceMask``.
  case mismatchedMask(Input, size: ImageSize, picture: ImageSize)
  /// The request's several references, or their regions, cannot be used together.
  case invalidReferences(String)
  /// The model does not have the weights that the mode needs.
  case unsupportedMode(mode: InferenceMode, model: String)
  /// The model has no text tower, which reads the texts of a manipulation or a heat map.
  case noTextTower(model: String)
  /// The reference was encoded by another model or on another backend.
  case foreignReference
  /// The latent became infinite or not a number.
  case nonFinite(step: Int, of: Int)
  /// The request would not fit into the backend's memory; it was not started.
  case insufficientMemory(MemoryShortage, advice: MemoryAdvice)
  /// A model's files cannot be used.
  case unusableModel(path: String, reason: String)

  public var description: String {
    switch self {
    case .invalidOption(let option, let value, let expected): "\(option) is \(value), expected \(expected)"
    case .missingInput(let input, let mode): "mode \(mode.rawValue) needs \(input.need)"
    case .contradictoryInputs(let one, let other):
      "\(one) and \(other) exclude each other, since the background comes from one of them; give one"
    case .mismatchedMask(let mask, let size, let picture):
      "\(mask) is \(size), of another shape than its picture, which is \(picture); give a mask of the whole picture"
    case .invalidReferences(let reason): reason
    case .unsupportedMode(let mode, let model):
      "model \(model) holds no weights for mode \(mode.rawValue): it has neither low-rank branches nor a recovery "
        + "transformer; use mode vanilla"
    case .noTextTower(let model):
      "model \(model) holds no text tower, which reads the texts; load it with an OpenCLIP file of both towers, the one "
        + "that its image encoder is from (textEncoder), or leave the texts out"
    case .foreignReference: "the reference was encoded by another colorizer; encode it with this one"
    case .nonFinite(let step, let total):
      "the picture became infinite or not a number in step \(step) of \(total); lower the guidance scales, or check "
        + "the weights"
    case .insufficientMemory(let shortage, let advice): shortage.advising(advice.description)
    case .unusableModel(let path, let reason): "model \(path): \(reason)"
    }
  }
}

extension MemoryShortage {
  /// The error's text with other advice.
  package func advising(_ advice: String) -> String {
    var shortage = self
    shortage.advice = advice
    return BackendError.insufficientMemory(shortage).description
  }
}

extension ColorizeError: CategorizedError {
  public var category: ErrorCategory {
    switch self {
    case .unusableModel: .model
    case .nonFinite, .insufficientMemory: .run
    case .invalidOption, .missingInput, .contradictoryInputs, .mismatchedMask, .invalidReferences, .unsupportedMode,
      .foreignReference, .noTextTower:
      .usage
    }
  }
}
