// SPDX-License-Identifier: Apache-2.0

/// Colours that a picture may have, some of them with names: a model sheet's.
///
/// A palette is read from a file (``read(_:)``), found in a picture (``init(of:maximumColors:mask:minimumShare:)``), or
/// made of colours. ``nearest(to:)`` looks a colour up, ``variant(of:_:)`` finds an entry's shadow or highlight.
public struct Palette: Sendable, Hashable, Codable {
  /// The most entries that are read from a file: 65,536.
  public static let maximumEntryCount = 65_536
  /// The largest file that is read, in bytes: 64 MiB.
  public static let maximumFileSize = 64 << 20

  /// One colour.
  public struct Entry: Sendable, Hashable, Codable {
    /// What the file calls it; nil where it has no name.
    public var name: String?
    public var color: RGB

    public init(_ color: RGB, name: String? = nil) {
      self.color = color
      self.name = name
    }
  }

  /// What the file calls the whole; nil where it has no name.
  public var name: String?
  /// The colours in the file's order. The same colour may stand under several names.
  public var entries: [Entry]

  public init(_ entries: [Entry], name: String? = nil) {
    self.entries = entries
    self.name = name
  }
}

extension Palette {
  /// A name as palettes keep it: without control characters and outer spaces, at most 1,024 characters long; nil if
  /// nothing is left. Names come from files, and end up in other files, in tables and in messages.
  static func cleanName(_ text: some StringProtocol) -> String? {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        if scalars.last != " " { scalars.append(" ") }
      default: scalars.append(scalar)
      }
      if scalars.count > 1024 { break }
    }
    var name = Substring(String(scalars))
    while name.first?.isWhitespace == true { name.removeFirst() }
    while name.last?.isWhitespace == true { name.removeLast() }
    return name.isEmpty ? nil : String(name)
  }
}
