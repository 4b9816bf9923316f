// SPDX-License-Identifier: Apache-2.0

/// As one value: `"automatic"`, `"off"`, or a tile's side in pixels.
extension VAETiling: Codable {
  private static let coding = NameOrNumber<VAETiling>(
    names: [("automatic", .automatic), ("off", .off)], meaning: "a side in pixels", make: { .pixels($0) },
    number: { if case .pixels(let side) = $0 { side } else { nil } })

  public init(from decoder: any Decoder) throws { self = try Self.coding.decode(from: decoder) }

  public func encode(to encoder: any Encoder) throws { try Self.coding.encode(self, to: encoder) }
}
