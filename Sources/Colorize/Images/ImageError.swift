// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What can be wrong with an image, its file, or what is asked of it.
///
/// `file` is the path, or nil where the bytes came from memory. ``description`` names the file, says what is wrong
/// and, where something can be done, what to do.
public enum ImageError: Error, Sendable, Equatable {
  /// There is no such file.
  case notFound(file: String)
  /// The file is there but cannot be read: a folder, no permission, a failing disk.
  case unreadable(file: String, reason: String)
  /// The file holds no bytes.
  case empty(file: String?)
  /// None of ``ImageFormat/known``. `resembles` names what the bytes look like, if that is known.
  case unknownFormat(file: String?, resembles: String?)
  /// The decoder cannot make sense of the data; `reason` is the decoder's message.
  case corrupt(file: String?, format: ImageFormat, reason: String)
  /// The data ends before the image does; `reason` is the decoder's message.
  case truncated(file: String?, format: ImageFormat, reason: String)
  /// A file of a format that is read, with something in it that is not; `reason` says what, in a clause.
  case unsupported(file: String?, format: ImageFormat, reason: String)
  /// More pixels or bytes than the limits of ``Image`` allow; `reason` gives both numbers.
  case tooLarge(file: String?, reason: String)
  /// The width, the height, the channels or the number of values do not fit together.
  case invalidShape(reason: String)
  /// A NaN, an infinity, or a value outside the range that is asked for.
  case invalidValue(reason: String)
  /// A mask was asked of an alpha channel that is missing or fully opaque.
  case noTransparency(reason: String)
  /// The path to write to does not end in .png, .jpg, .jpeg or the extension of a registered format.
  case unsupportedExtension(file: String)
  /// The file could not be written. What stood at the path before is still there.
  case unwritable(file: String, reason: String)
  /// There is a file at the path, and it was not to be replaced: see `ExistingFilePolicy`. With `keepBoth`, `savedAs` is where
  /// the picture is instead.
  case fileExists(file: String, savedAs: String?)
  /// A text entry that a PNG file cannot hold.
  case invalidText(reason: String)
  /// The encoder gave up; `reason` is its message.
  case encodingFailed(format: ImageFormat, reason: String)
}

extension ImageError: CustomStringConvertible {
  /// One sentence or two for the user: the file, what is wrong with it, what to do.
  public var description: String {
    switch self {
    case .notFound(let file):
      "\(file): there is no such file. Check the path."
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)."
    case .empty(let file):
      "\(Self.subject(file)): there is nothing in it. Export the image again."
    case .unknownFormat(let file, ImageFormat.gitLFSPointer?):
      "\(Self.subject(file)): this looks like \(ImageFormat.gitLFSPointer). Fetch the picture itself with \"git lfs pull\"."
    case .unknownFormat(let file, let resembles?):
      "\(Self.subject(file)): this looks like \(resembles). Convert it to PNG or JPEG."
    case .unknownFormat(let file, nil):
      "\(Self.subject(file)): \(Self.describeKnown). Convert it to PNG or JPEG."
    case .corrupt(let file, let format, let reason):
      "\(Self.subject(file)): the \(format) data is damaged (\(reason)). Export the image again."
    case .truncated(let file, let format, let reason):
      "\(Self.subject(file)): the \(format) data is cut off (\(reason)). Copy or download the image again."
    case .unsupported(let file, let format, let reason):
      "\(Self.subject(file)): \(reason), which is not read from \(format) files. Export the image as PNG."
    case .tooLarge(let file, let reason):
      "\(Self.subject(file)): too large: \(reason). Make it smaller."
    case .invalidShape(let reason), .invalidValue(let reason), .noTransparency(let reason), .invalidText(let reason):
      "\(reason)."
    case .unsupportedExtension(let file):
      Self.describeExtension(of: file)
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason)."
    case .fileExists(let file, let savedAs):
      UnwritableFile.takenDescription(file, savedAs: savedAs)
    case .encodingFailed(let format, let reason):
      "The image cannot be encoded as \(format): \(reason)."
    }
  }

  private static func subject(_ file: String?) -> String {
    file ?? "the image data"
  }

  private static var describeKnown: String {
    let formats = ImageFormat.known
    guard formats.count > 2 else { return "this is neither a PNG nor a JPEG image" }
    return "this is no image of a known format (\(formats.map(\.rawValue).joined(separator: ", ")))"
  }

  private static func describeExtension(of file: String) -> String {
    let extensions = ImageFormat.writtenExtensions
    let advice = "Use \(extensions.dropLast().joined(separator: ", ")) or \(extensions.last ?? "")."
    guard let found = ImageFormat.pathExtension(of: file) else {
      return "\(file): the name has no extension to choose an image format by. \(advice)"
    }
    return "\(file): images are not written as .\(found). \(advice)"
  }
}
