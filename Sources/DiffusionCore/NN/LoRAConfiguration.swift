// SPDX-License-Identifier: Apache-2.0

/// The ranks of the two low-rank branches of the split cross-attention.
public struct LoRAConfiguration: Sendable, Hashable, Codable {
  /// The foreground branch's rank.
  public var foreground: LoRARank
  /// The background branch's rank.
  public var background: LoRARank

  enum CodingKeys: String, CodingKey {
    case foreground = "fr"
    case background = "br"
  }

  /// Ranks of both branches.
  public init(foreground: LoRARank, background: LoRARank) {
    self.foreground = foreground
    self.background = background
  }
}

/// A rank, given as such (an integer in JSON), as a fraction of the layer's narrower side (a number with a point), or as
/// the sum of several (an array), as it comes out where branches are put side by side.
public enum LoRARank: Sendable, Hashable, Codable {
  /// The rank itself.
  case rank(Int)
  /// `int(fraction * min(in, out))`.
  case fraction(Double)
  /// The sum of ranks.
  case sum([LoRARank])

  /// The rank in a layer of that size, at least 1.
  public func value(inputs: Int, outputs: Int) -> Int {
    switch self {
    case .rank(let rank): rank
    case .fraction(let fraction): max(1, Int(fraction * Double(min(inputs, outputs))))
    case .sum(let ranks): ranks.reduce(0) { $0 + $1.value(inputs: inputs, outputs: outputs) }
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let ranks = try? container.decode([LoRARank].self) {
      self = .sum(ranks)
    } else if let rank = try? container.decode(Int.self) {
      self = .rank(rank)
    } else {
      self = .fraction(try container.decode(Double.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .rank(let rank): try container.encode(rank)
    case .fraction(let fraction): try container.encode(fraction)
    case .sum(let ranks): try container.encode(ranks)
    }
  }
}

extension LoRARank: CustomStringConvertible {
  /// As it stands in JSON: `4`, `0.5`, `0.25 + 8`.
  public var description: String {
    switch self {
    case .rank(let rank): "\(rank)"
    case .fraction(let fraction): "\(fraction)"
    case .sum(let ranks): ranks.map(\.description).joined(separator: " + ")
    }
  }
}
