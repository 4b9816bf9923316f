// SPDX-License-Identifier: Apache-2.0

/// What a file of weights holds, told by its keys.
public enum NetworkContent: Sendable, Hashable {
  /// A network that finds lines.
  case lineExtraction(LineExtractionArchitecture)
  /// ``ISNet``, which finds figures.
  case figureSegmentation
  /// None of these; in words what it is, as far as that can be told.
  case other(String)

  /// The network's name, or what else it is.
  public var description: String {
    switch self {
    case .lineExtraction(let architecture): "\(architecture.name), which finds lines"
    case .figureSegmentation: "anime IS-Net, which finds figures"
    case .other(let words): words
    }
  }

  /// Recognises a file, and takes off what programs put before its keys.
  ///
  /// - Returns: the content, and the file's weights under their bare names.
  public static func recognize(_ file: any WeightFile) -> (content: NetworkContent, source: WeightSource) {
    for landmark in landmarks {
      guard let prefix = prefix(before: landmark.key, of: file.keys) else { continue }
      guard let content = landmark.content({ file[prefix + $0]?.shape }) else { continue }
      let renaming = prefix.isEmpty ? KeyRenaming.none : KeyRenaming([.init(prefix, "")])
      return (content, WeightSource(file, renaming: renaming))
    }
    return (.other(words(for: file.keys)), WeightSource(file))
  }

  /// What to say of such a network where a model is wanted that colours, told by keys alone; nil for another file.
  package static func advice(forKeys keys: [String]) -> String? {
    guard let landmark = landmarks.first(where: { prefix(before: $0.key, of: keys) != nil }) else { return nil }
    return landmark.key.hasPrefix("stage1.")
      ? "the file holds a network that finds figures, and no model that colours: give it as the segmenter"
      : "the file holds a network that finds lines, and no model that colours: give it as the extractor"
  }

  /// A key that one network has and no other, and what its file holds then.
  private struct Landmark: Sendable {
    let key: String
    let content: @Sendable (_ shape: (String) -> [Int]?) -> NetworkContent?
  }

  private static let landmarks = [
    Landmark(key: "stage1.rebnconvin.conv_s1.weight") { shape in
      shape("conv_in.weight") == nil ? nil : .figureSegmentation
    },
    Landmark(key: "model.model.0.weight") { shape in
      PixToPixConfiguration(shape: shape).map { .lineExtraction(.pixToPix($0)) }
    },
    Landmark(key: "block0.model.0.conv1.model.0.weight") { _ in .lineExtraction(.mangaLineExtraction) },
    Landmark(key: "downblock_1.1.weight") { _ in .lineExtraction(.sketchKeras) },
    Landmark(key: "model0.1.weight") { shape in
      guard shape("model4.1.weight") != nil else { return nil }
      let blocks = (0..<64).prefix { shape("model2.\($0).conv_block.1.weight") != nil }.count
      // With none at all the keys that are missing shall be those of the published network.
      return .lineExtraction(.informativeDrawing(blocks: blocks == 0 ? 3 : blocks))
    },
  ]

  /// What stands before a key, in the key itself and in nine of ten others; nil if it does not occur.
  private static func prefix(before landmark: String, of keys: [String]) -> String? {
    for key in keys {
      guard key == landmark || key.utf8.count > landmark.utf8.count, key.hasSuffix(landmark) else { continue }
      let prefix = String(key.dropLast(landmark.count))
      guard prefix.isEmpty || prefix.hasSuffix("."), prefix.utf8.count <= 64 else { continue }
      if keys.count(where: { $0.utf8.starts(with: prefix.utf8) }) * 10 >= keys.count * 9 { return prefix }
    }
    return nil
  }

  /// What else a file may be.
  private static func words(for keys: [String]) -> String {
    func has(_ part: String) -> Bool { keys.contains { $0.contains(part) } }
    if keys.isEmpty { return "a file without any tensor" }
    if has(CheckpointSection.unet.prefix) || has(CheckpointSection.sketchEncoder.prefix) {
      return "a colorizer's checkpoint, which is given as the model"
    }
    if let other = LoadHints.otherModel(keys) { return "another kind of file (\(other))" }
    if has("visual.transformer.resblocks.") { return "an image encoder (CLIP)" }
    if has("stage1.rebnconvin.") { return "U\u{B2}-Net, which is not supported; IS-Net is" }
    if has("bb.patch_embed.") { return "BiRefNet, which is not supported; IS-Net is" }
    return "no network that is known here"
  }
}
