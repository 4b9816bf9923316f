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
    for landmark in NetworkLandmark.allCases {
      guard let prefix = landmark.prefix(in: file.keys) else { continue }
      guard let content = content(landmark, shape: { file[prefix + $0]?.shape }) else { continue }
      let renaming = prefix.isEmpty ? KeyRenaming.none : KeyRenaming([.init(prefix, "")])
      return (content, WeightSource(file, renaming: renaming))
    }
    return (.other(words(for: file.keys)), WeightSource(file))
  }

  /// What the file of a network holds, by the shapes of its weights under their bare names; nil if they are another's.
  private static func content(
    _ landmark: NetworkLandmark, shape: (String) -> [Int]?
  ) -> NetworkContent? {
    switch landmark {
    case .isNet: return shape("conv_in.weight") == nil ? nil : .figureSegmentation
    case .pixToPix: return PixToPixConfiguration(shape: shape).map { .lineExtraction(.pixToPix($0)) }
    case .mangaLineExtraction: return .lineExtraction(.mangaLineExtraction)
    case .sketchKeras: return .lineExtraction(.sketchKeras)
    case .informativeDrawing:
      guard shape("model4.1.weight") != nil else { return nil }
      let blocks = (0..<64).prefix { shape("model2.\($0).conv_block.1.weight") != nil }.count
      // With none at all the keys that are missing shall be those of the published network.
      return .lineExtraction(.informativeDrawing(blocks: blocks == 0 ? 3 : blocks))
    }
  }

  /// What else a file may be.
  private static func words(for keys: [String]) -> String {
    func has(_ part: String) -> Bool { keys.contains { $0.contains(part) } }
    if keys.isEmpty { return "a file without any tensor" }
    if has(CheckpointSection.unet.prefix) || has(CheckpointSection.sketchEncoder.prefix) {
      return "a colorizer's checkpoint, which is given as the model"
    }
    if let other = OtherModel.advice(forKeys: keys) { return "another kind of file (\(other))" }
    if has("visual.transformer.resblocks.") { return "an image encoder (CLIP)" }
    if has("stage1.rebnconvin.") { return "U\u{B2}-Net, which is not supported; IS-Net is" }
    if has("bb.patch_embed.") { return "BiRefNet, which is not supported; IS-Net is" }
    return "no network that is known here"
  }
}
