// SPDX-License-Identifier: Apache-2.0

/// As one value: `"automatic"`, `"whole"`, or the number of rows.
extension UNetBatching: Codable {
  private static let coding = NameOrNumber<UNetBatching>(
    names: [("automatic", .automatic), ("whole", .whole)], meaning: "a number of rows", make: { .rows($0) },
    number: { if case .rows(let rows) = $0 { rows } else { nil } })

  public init(from decoder: any Decoder) throws { self = try Self.coding.decode(from: decoder) }

  public func encode(to encoder: any Encoder) throws { try Self.coding.encode(self, to: encoder) }
}
