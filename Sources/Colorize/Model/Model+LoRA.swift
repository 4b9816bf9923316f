// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Model {
  /// The model with additions to it, such as a show's own colours that it was trained on.
  ///
  /// ```swift
  /// let model = try Model.embedded().adding([LoRAUse(LoRAFile(path: "heroine.safetensors"), scale: 0.8)])
  /// ```
  ///
  /// What they change is put together in memory, now; so a colorizer with the result is as fast as before but for the
  /// higher rank of its branches.
  ///
  /// - Throws: `LoRAError`, which names what does not fit; `WeightError`, `ConfigurationError`.
  public func adding(_ uses: [LoRAUse]) throws -> Model {
    guard !uses.isEmpty else { return self }
    let (weights, configuration) = try weights.adding(uses, configuration: configuration)
    var model = Model(
      name: ([name] + uses.map(\.shortName)).joined(separator: Self.additionSeparator), weights: weights,
      configuration: configuration)
    model.isPredictionGuessed = isPredictionGuessed
    model.usesMovingAverages = usesMovingAverages
    model.vocabulary = vocabulary
    return model
  }

  /// What stands between a model and its additions in ``name``.
  package static let additionSeparator = " + "
}

extension LoRAUse {
  /// The file's name without its folder, and its scale: `heroine.safetensors=0.8`.
  package var shortName: String {
    let name = file.file.name.split(separator: "/").last.map(String.init) ?? file.file.name
    return scale == 1 ? name : "\(name)=\(scale)"
  }

  /// Whether it acts in a mode: branches do so in the mask modes only.
  public func acts(in mode: InferenceMode) -> Bool {
    guard mode == .vanilla else { return true }
    return file.keys.contains {
      !$0.contains(".lora_") && CheckpointSection(key: $0)?.isSplit != true
    }
  }
}
