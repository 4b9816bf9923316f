import DiffusionCore

/// How much of the network a ``Colorizer`` keeps in memory.
public enum MemoryUse: String, Sendable, Hashable, CaseIterable, Codable {
  /// All parts that a run uses, read once.
  case normal
  /// Only what the running stage uses; the rest is let go, and read again from the model's file when it is needed.
  /// The U-Net takes one row of a step at a time, unless the request says otherwise. The pictures are the same.
  case low
}

extension ColorizeSettings {
  /// How many rows of a step run together.
  func batching(in memory: MemoryUse) -> UNetBatching {
    batching == .automatic && memory == .low ? .rows(1) : batching
  }
}

extension ColorizeEvent.Stage {
  /// The parts of the network that the stage uses.
  func parts(previews: Bool) -> [NetworkParts.Part] {
    switch self {
    case .encodingReference: [.imageEncoder, .split]
    case .encodingSketch: [.sketchEncoder]
    case .sampling: previews ? [.unet, .vaeDecoder] : [.unet]
    case .decoding: [.vaeDecoder]
    case .finishing: []
    }
  }

  /// The parts that any stage uses.
  static var allParts: [NetworkParts.Part] { allCases.flatMap { $0.parts(previews: false) } }
}
