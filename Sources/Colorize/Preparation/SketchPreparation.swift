// SPDX-License-Identifier: Apache-2.0

/// What is done to a drawing before the network sees it.
public enum SketchPreparation: String, Sendable, Hashable, CaseIterable, Codable {
  /// Lines that the network would hardly see are made visible: paper becomes white, coloured, grey and faint lines dark,
  /// and thin lines keep their weight where a large scan shrinks. Clean line art stays as it is, to the byte.
  case automatic
  /// Nothing but the scaling to the working size: luma as it stands in the file.
  case asIs
  /// The classical line filter, for pencil and for paintings: what is darker than its surroundings (see `LineFilter`).
  case lineFilter
  /// The same with its values truncated to whole samples, as the published application has it: at most one sample lighter.
  case truncatedLineFilter
  /// The drawn lines of a coloured picture, whatever lies beneath them: what is darker than the colours on both of its
  /// sides (see `LocalPaper`), or what a network found (``ColorizeRequest/extractedLines``).
  case extracted
}

/// A drawing as the network sees it, and what was found out about it.
public struct PreparedSketch: Sendable, Hashable {
  /// Grey: lines dark, paper white, whichever way round the drawing was.
  public let image: Image
  /// What was found, and what was done.
  public let report: SketchReport
  /// The same for the network.
  package let lines: SketchLines
  /// The paper beneath the drawing; nil where a network found the lines.
  let paper: PaperMap?
  /// What of the sheet was left out; nil where nothing was.
  let cleaning: SheetCleaning?
}

/// What was found in a drawing, and what its preparation did.
public struct SketchReport: Sendable, Hashable, Codable {
  /// Something that was done to the drawing.
  public enum Step: String, Sendable, Hashable, CaseIterable, Codable {
    /// Grey or tinted paper became white.
    case whitenedPaper
    /// Shadows and uneven light were taken out of the paper.
    case levelledPaper
    /// A scanner's lid, or the desk beneath the sheet, was left out.
    case leftOutSurroundings
    /// The gutter between the two pages of an open book was left out.
    case leftOutGutter
    /// Marks of the sheet were left out: holes of pegs and binders, staples, crosses for registration.
    case leftOutMarks
    /// Rules of note, graph or millimetre paper were left out.
    case leftOutRules
    /// Black specks of a fax or a copy were taken out.
    case removedSpecks
    /// The dots of a screentone were taken out.
    case removedScreentone
    /// Pale blue lines beneath dark ink were left out: blue pencil, rules of the paper.
    case leftOutBlue
    /// Coloured lines were measured by their distance from the paper's colour, not by their darkness.
    case darkenedColors
    /// Faint lines, or lines that become thinner than a pixel, were made stronger.
    case strengthenedLines
    /// Grain of the paper was taken out.
    case removedGrain
    /// Lines were found by the classical filter.
    case filteredLines
    /// Drawn lines were taken out of their colours.
    case extractedLines
  }

  /// What the drawing looks like as a whole.
  public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    /// Lines on paper.
    case lines
    /// No line was found.
    case blank
    /// Areas of many tones rather than lines on paper: a painting or a photo.
    case painting
  }

  /// What the drawing looks like.
  public var kind: Kind
  /// Whether lines are dark or light: given, or found by their shape; never automatic.
  public var polarity: SketchPolarity
  /// How sure the polarity is: 0 (both fit as well) to 1 (given, or no line of the other tone).
  public var polarityCertainty: Float
  /// The paper's colour; of uneven paper the mean.
  public var paper: RGB
  /// How strong typical lines are in the drawing: 0 (as the paper) to 1 (black on white, or white on black).
  public var inkStrength: Float
  /// How wide typical lines are, in pixels of the drawing; nil without lines.
  public var lineWidth: Float?
  /// How strong typical lines would reach the network without preparation, 0...1.
  public var visibility: Float
  /// How strong they do reach it, 0...1.
  public var preparedVisibility: Float
  /// What was done, in order; empty where the drawing was left as it was.
  public var steps: [Step]
  /// The network that found the lines, where one did.
  public var network: String?
}

extension SketchReport: CustomStringConvertible {
  /// What was found and done, in a line.
  public var description: String {
    var found: [String] = []
    switch kind {
    case .blank: found.append("no lines on paper \(paper)")
    case .painting: found.append("areas of many tones rather than lines on paper")
    case .lines:
      let width = lineWidth.map { ", about \(Self.decimal($0)) pixels wide" } ?? ""
      let tone = polarity == .lightOnDark ? "light" : "dark"
      found.append("\(tone) lines\(width), of \(Self.percent(inkStrength)) strength, on paper \(paper)")
    }
    if polarityCertainty < 1 { found.append("polarity \(Self.percent(polarityCertainty)) certain") }
    if let network { return found.joined(separator: "; ") + ": found by \(network)" }
    let done = steps.isEmpty ? "nothing needed doing" : steps.map(\.words).joined(separator: ", ")
    return found.joined(separator: "; ") + ": " + done
  }

  static func percent(_ share: Float) -> String { "\(Int((min(max(share, 0), 1) * 100).rounded())) %" }

  private static func decimal(_ value: Float) -> String {
    let tenths = Int((min(max(value, 0), 1e6) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

extension SketchReport.Step {
  /// What was done, in words.
  var words: String {
    switch self {
    case .whitenedPaper: "paper whitened"
    case .levelledPaper: "uneven paper levelled"
    case .leftOutSurroundings: "what is outside of the sheet left out"
    case .leftOutGutter: "the gutter between two pages left out"
    case .leftOutMarks: "holes and marks of the sheet left out"
    case .leftOutRules: "rules of the paper left out"
    case .removedSpecks: "specks removed"
    case .removedScreentone: "dots of screentone removed"
    case .leftOutBlue: "pale blue lines left out"
    case .darkenedColors: "coloured lines made dark"
    case .strengthenedLines: "lines strengthened"
    case .removedGrain: "grain removed"
    case .filteredLines: "lines found by the line filter"
    case .extractedLines: "lines taken out of their colours"
    }
  }
}
