// SPDX-License-Identifier: Apache-2.0

/// A key that the file of one network beside the colorizer has, and that of no other.
package enum NetworkLandmark: String, CaseIterable {
  case isNet = "stage1.rebnconvin.conv_s1.weight"
  case pixToPix = "model.model.0.weight"
  case mangaLineExtraction = "block0.model.0.conv1.model.0.weight"
  case sketchKeras = "downblock_1.1.weight"
  case informativeDrawing = "model0.1.weight"

  /// What stands before the key, in the key itself and in nine of ten others; nil if it does not occur.
  package func prefix(in keys: [String]) -> String? {
    for key in keys {
      guard key == rawValue || key.utf8.count > rawValue.utf8.count, key.hasSuffix(rawValue) else { continue }
      let prefix = String(key.dropLast(rawValue.count))
      guard prefix.isEmpty || prefix.hasSuffix("."), prefix.utf8.count <= 64 else { continue }
      if keys.count(where: { $0.utf8.starts(with: prefix.utf8) }) * 10 >= keys.count * 9 { return prefix }
    }
    return nil
  }

  /// What to say of such a network where a model is wanted that colours, told by keys alone; nil for another file.
  package static func advice(forKeys keys: [String]) -> String? {
    guard let landmark = allCases.first(where: { $0.prefix(in: keys) != nil }) else { return nil }
    return landmark == .isNet
      ? "the file holds a network that finds figures, and no model that colours: give it as the segmenter"
      : "the file holds a network that finds lines, and no model that colours: give it as the extractor"
  }
}
