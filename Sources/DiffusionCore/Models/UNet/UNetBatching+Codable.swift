/// As one value: `"automatic"`, `"whole"`, or the number of rows.
extension UNetBatching: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let rows = try? container.decode(Int.self) {
      self = .rows(rows)
      return
    }
    switch try container.decode(String.self) {
    case "automatic": self = .automatic
    case "whole": self = .whole
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(name)\", where automatic, whole or a number of rows is expected")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .automatic: try container.encode("automatic")
    case .whole: try container.encode("whole")
    case .rows(let rows): try container.encode(rows)
    }
  }
}
