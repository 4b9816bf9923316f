/// As one value: `"automatic"`, `"off"`, or a tile's side in pixels.
extension VAETiling: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let side = try? container.decode(Int.self) {
      self = .pixels(side)
      return
    }
    switch try container.decode(String.self) {
    case "automatic": self = .automatic
    case "off": self = .off
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(name)\", where automatic, off or a side in pixels is expected")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .automatic: try container.encode("automatic")
    case .off: try container.encode("off")
    case .pixels(let side): try container.encode(side)
    }
  }
}
