// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How strongly the reference acts in the U-Net's cross-attentions.
public enum ReferenceStrength: Sendable, Hashable {
  /// The same factor everywhere.
  case uniform(Float)
  /// A factor for each named group of blocks, and one for the blocks of no named group. Where groups overlap, a later one
  /// wins, in the order encoder, middle, low, high, bottom.
  case levels([AttentionControl.Level: Float], others: Float = 1)
  /// A factor for each transformer block, in module order.
  case blocks([Float])

  /// Checks the factors, 0...10, whatever the network.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  func validate() throws {
    let factors =
      switch self {
      case .uniform(let factor): [factor]
      case .levels(let factors, let others): AttentionControl.Level.allCases.compactMap { factors[$0] } + [others]
      case .blocks(let factors): factors
      }
    for factor in factors { try ColorizeSettings.check(factor, .referenceStrength, in: 0...10) }
  }

  /// A factor for each block of the U-Net.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  package func scales(for unet: UNetConfiguration) throws -> [Float] {
    try validate()
    let count = unet.transformerBlockCount
    switch self {
    case .uniform(let scale): return [Float](repeating: scale, count: count)
    case .levels(let factors, let others):
      var scales = [Float](repeating: others, count: count)
      for level in [AttentionControl.Level.encoder, .middle, .low, .high, .bottom] {
        guard let factor = factors[level] else { continue }
        for block in level.blocks(of: unet) { scales[block] = factor }
      }
      return scales
    case .blocks(let factors):
      guard factors.count == count else {
        throw ColorizeError.invalidOption(
          .referenceStrength, value: "\(factors.count) factors", expected: "\(count), one for each transformer block")
      }
      return factors
    }
  }
}

/// As a number, an object of levels (`{"encoder": 0.5, "others": 0.8}`), or a list of blocks.
extension ReferenceStrength: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case encoder, middle, low, high, bottom, others

    /// Nil for the blocks of no named group.
    var level: AttentionControl.Level? { AttentionControl.Level(rawValue: rawValue) }
  }

  public init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if let factor = try? single.decode(Float.self) {
      self = .uniform(factor)
    } else if let factors = try? single.decode([Float].self) {
      self = .blocks(factors)
    } else {
      let values = try decoder.container(keyedBy: Key.self)
      let names = try single.decode([String: Float].self).keys
      if let unknown = names.sorted().first(where: { Key(rawValue: $0) == nil }) {
        throw DecodingError.dataCorruptedError(
          in: single, debugDescription: "there is no level \"\(unknown)\", but \(Key.allCases.map(\.rawValue))")
      }
      var factors: [AttentionControl.Level: Float] = [:]
      for key in Key.allCases {
        guard let level = key.level else { continue }
        factors[level] = try values.decodeIfPresent(Float.self, forKey: key)
      }
      self = .levels(factors, others: try values.decodeIfPresent(Float.self, forKey: .others) ?? 1)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .uniform(let factor):
      var container = encoder.singleValueContainer()
      try container.encode(factor)
    case .blocks(let factors):
      var container = encoder.singleValueContainer()
      try container.encode(factors)
    case .levels(let factors, let others):
      var container = encoder.container(keyedBy: Key.self)
      for key in Key.allCases {
        guard let level = key.level else { continue }
        try container.encodeIfPresent(factors[level], forKey: key)
      }
      try container.encode(others, forKey: .others)
    }
  }
}
