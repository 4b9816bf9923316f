// SPDX-License-Identifier: Apache-2.0

/// An opaque sRGB colour of 8 bits a sample.
public struct RGB: Sendable, Hashable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  public static let white = RGB(255, 255, 255)
  public static let black = RGB(0, 0, 0)

  /// A colour of six hexadecimal digits, with or without `#` before them: `#RRGGBB`. Nil for any other text.
  public init?(hex text: some StringProtocol) {
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    guard digits.utf8.count == 6, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let value = UInt32(digits, radix: 16)
    else { return nil }
    self.init(packed: value)
  }

  /// The colour of `red << 16 | green << 8 | blue`; higher bits are not looked at.
  init(packed: UInt32) {
    self.init(
      UInt8(truncatingIfNeeded: packed >> 16), UInt8(truncatingIfNeeded: packed >> 8), UInt8(truncatingIfNeeded: packed)
    )
  }

  /// `red << 16 | green << 8 | blue`.
  var packed: UInt32 { UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue) }
}

extension RGB: CustomStringConvertible {
  /// `#RRGGBB`, in capitals.
  public var description: String {
    let digits = String(packed, radix: 16, uppercase: true)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}

/// Coded as its ``description``.
extension RGB: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let color = RGB(hex: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "The colour is \"\(text)\", expected six hexadecimal digits: #RRGGBB")
    }
    self = color
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
