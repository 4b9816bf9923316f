/// Colours that a picture may have, some of them with names: a model sheet's.
public struct Palette: Sendable, Hashable, Codable {
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
