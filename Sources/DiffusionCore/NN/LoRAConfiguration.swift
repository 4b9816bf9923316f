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

/// A rank, given as such (an integer in JSON) or as a fraction of the layer's narrower side (a number with a point).
public enum LoRARank: Sendable, Hashable, Codable {
  /// The rank itself.
  case rank(Int)
  /// `int(fraction * min(in, out))`.
  case fraction(Double)

  /// The rank in a layer of that size, at least 1.
  public func value(inputs: Int, outputs: Int) -> Int {
    switch self {
    case .rank(let rank): rank
    case .fraction(let fraction): max(1, Int(fraction * Double(min(inputs, outputs))))
    }
  }

  /// Decodes an integer as a rank and any other number as a fraction.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let rank = try? container.decode(Int.self) {
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
    }
  }
}
