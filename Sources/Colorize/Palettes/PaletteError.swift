// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What can be wrong with a palette's file.
///
/// `file` is the path, or nil where the bytes came from memory. ``description`` names the file, says what is wrong and
/// where, and what to do.
public enum PaletteError: Error, Sendable, Equatable {
  /// There is no such file.
  case notFound(file: String)
  /// The file is there but cannot be read: a folder, no permission, a failing disk.
  case unreadable(file: String, reason: String)
  /// The file holds no bytes.
  case empty(file: String?)
  /// No format that palettes are read from. `resembles` names what the bytes look like, if that is known.
  case unknownFormat(file: String?, resembles: String?)
  /// The bytes at `offset` cannot be what the format asks for there.
  case damaged(file: String?, format: PaletteFormat, offset: Int, reason: String)
  /// The data ends at `offset`, before the palette does.
  case truncated(file: String?, format: PaletteFormat, offset: Int, reason: String)
  /// More bytes or colours than the limits of ``Palette`` allow; `reason` gives both numbers.
  case tooLarge(file: String?, reason: String)
  /// The file is whole, and lists no colour.
  case noColors(file: String?, format: PaletteFormat)
  /// A picture that cannot be decoded.
  case picture(ImageError)
  /// A format that cannot hold this palette.
  case unsuitable(format: PaletteFormat, reason: String)
  /// The path to write to ends in none of the formats' extensions.
  case unsupportedExtension(file: String)
  /// The file could not be written. What stood at the path before is still there.
  case unwritable(file: String, reason: String)
  /// There is a file at the path, and it was not to be replaced: see `ExistingFilePolicy`. With `keepBoth`, `savedAs` is where
  /// the palette is instead.
  case fileExists(file: String, savedAs: String?)
}

extension PaletteError: CustomStringConvertible {
  /// One sentence or two for the user: the file, what is wrong with it, what to do.
  public var description: String {
    switch self {
    case .notFound(let file):
      "\(file): there is no such file. Check the path."
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)."
    case .empty(let file):
      "\(Self.subject(file)): there is nothing in it. Export the palette again."
    case .unknownFormat(let file, let resembles?):
      "\(Self.subject(file)): this looks like \(resembles), which is no palette. Give \(Self.formats)."
    case .unknownFormat(let file, nil):
      "\(Self.subject(file)): this is no palette that can be read. Give \(Self.formats)."
    case .damaged(let file, let format, let offset, let reason):
      "\(Self.subject(file)): the \(format) data is damaged at byte \(offset): \(reason). Export the palette again."
    case .truncated(let file, let format, let offset, let reason):
      "\(Self.subject(file)): the \(format) data is cut off at byte \(offset): \(reason). Copy or export the palette "
        + "again."
    case .tooLarge(let file, let reason):
      "\(Self.subject(file)): too large: \(reason). Make it smaller."
    case .noColors(let file, let format):
      "\(Self.subject(file)): this \(format) palette has no colours. Add some to it, or give another."
    case .picture(let error):
      error.description
    case .unsuitable(let format, let reason):
      "The palette cannot be written as \(format): \(reason). Choose another format."
    case .unsupportedExtension(let file):
      Self.describeExtension(of: file)
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason)."
    case .fileExists(let file, let savedAs):
      UnwritableFile.takenDescription(file, savedAs: savedAs)
    }
  }

  private static let formats =
    "a palette of GIMP (.gpl), Adobe (.ase, .aco, .act), Krita (.kpl) or JASC (.pal), a list of hexadecimal colours, "
    + "or a picture"

  private static func subject(_ file: String?) -> String {
    file ?? "the palette data"
  }

  private static func describeExtension(of file: String) -> String {
    let advice = "Use " + PaletteFormat.allCases.map { ".\($0.pathExtension)" }.joined(separator: ", ") + "."
    guard let found = ImageFormat.pathExtension(of: file) else {
      return "\(file): the name has no extension to choose a palette format by. \(advice)"
    }
    return "\(file): palettes are not written as .\(found). \(advice)"
  }
}

extension PaletteError {
  /// The error of reading a file, in the words for palettes.
  init(_ error: ImageError) {
    switch error {
    case .notFound(let file): self = .notFound(file: file)
    case .unreadable(let file, let reason): self = .unreadable(file: file, reason: reason)
    case .empty(let file): self = .empty(file: file)
    case .tooLarge(let file, let reason): self = .tooLarge(file: file, reason: reason)
    case .unwritable(let file, let reason): self = .unwritable(file: file, reason: reason)
    case .fileExists(let file, let savedAs): self = .fileExists(file: file, savedAs: savedAs)
    default: self = .picture(error)
    }
  }
}
