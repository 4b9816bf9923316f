// SPDX-License-Identifier: Apache-2.0

/// How the areas between a finished picture's lines are filled.
public enum FillStyle: String, Sendable, Hashable, CaseIterable, Codable {
  /// As the network painted them.
  case painting
  /// Each closed region of the line art in one colour: a cel.
  case flats
}

/// Which lines stand in a finished picture.
public enum LineSource: String, Sendable, Hashable, CaseIterable, Codable {
  /// The sketch's, laid over the picture: where they cover fully, the sketch's pixels.
  case own
  /// Those that the network painted.
  case network
  /// None: the fills meet where the lines were.
  case none
}

/// What becomes of a model's paintings where its user says nothing else.
///
/// A network that draws clean lines and even areas is best left alone; one that is small and soft gives better pictures
/// as flats under the artist's own lines.
public struct FinishDefaults: Sendable, Hashable, Codable {
  /// How areas are filled.
  public var fill: FillStyle
  /// Which lines stand over them.
  public var lines: LineSource
  /// The most colours that flats take from a reference or a painting: a soft painting cannot tell many apart. Nil leaves it
  /// to the program.
  public var maximumColors: Int?

  private enum CodingKeys: String, CodingKey {
    case fill, lines
    case maximumColors = "maximum_colors"
  }

  public init(fill: FillStyle, lines: LineSource, maximumColors: Int? = nil) {
    self.fill = fill
    self.lines = lines
    self.maximumColors = maximumColors
  }

  /// What suits the published checkpoints: what the network painted.
  public static let published = FinishDefaults(fill: .painting, lines: .network)
}
