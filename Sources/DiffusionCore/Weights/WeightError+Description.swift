// SPDX-License-Identifier: Apache-2.0

extension WeightError: CustomStringConvertible {
  /// What is wrong, where, with which numbers, and what to do about it.
  public var description: String {
    switch self {
    case .fileMissing(let file):
      "\(file): there is no such file. Check the path."
    case .fileNotReadable(let file, let reason):
      "\(file): the file cannot be read: \(reason)."
    case .outOfResources(let file, let reason):
      "\(file): the file cannot be opened: \(reason)."
    case .isDirectory(let file):
      "\(file): this is a directory. Give the path of a .safetensors file inside it."
    case .emptyFile(let file):
      "\(file): the file is empty. \(Self.fetchAgain)"
    case .foreign(let file, let content):
      "\(file): this is \(content.kind), and not a safetensors file. \(content.advice)"
    case .refusedPickle(let file, let reason):
      "\(file): this file of PyTorch is not read: \(reason). Of such files, which are programs, lists of tensors are "
        + "read and nothing is run. Get the model as safetensors."
    case .damagedPickle(let file, let offset, let reason):
      "\(file): this file of PyTorch cannot be read at byte \(offset): \(reason). \(Self.fetchAgain)"
    case .danglingLink(let file, let target):
      "\(file): this is a link to \(target), which is not there. Download the model again, or mend the link."
    case .incompleteShards(let file, let reason):
      "\(file): \(reason)."
    case .tooShort(let file, let count):
      "\(file): the file has \(count) bytes, fewer than the 8 of a safetensors header. \(Self.fetchAgain)"
    case .mismatch(let report):
      report.description
    case .impossibleShape(let key, let shape):
      "\(Self.quoted(key)): the model asks for the impossible shape \(Self.printable(shape)). "
        + "Check the model's configuration."
    case .keyNotFound(let file, let key):
      "\(file): there is no tensor \(Self.quoted(key)). Check that the file belongs to this model."
    case .notFloatingPoint(let file, let key, let dtype):
      "\(file): \(Self.quoted(key)) has elements of type \(dtype.rawValue), which cannot be read as weights. "
        + "Convert it to F32, F16 or BF16."
    case .shortened(let file, let expected, let found):
      "\(file): the file has become shorter while it is in use: \(expected) bytes when it was opened, \(found) now. Wait "
        + "until whatever writes it is done, and start again."
    case .fileNotWritable(let file, let reason):
      "\(file): the file cannot be written: \(reason)."
    case .fileExists(let file, let savedAs):
      UnwritableFile.takenDescription(file, savedAs: savedAs)
    case .writeOutOfOrder(let file, let reason):
      "\(file): \(reason). Write every tensor once, whole and in the order of the writer's list."
    default:
      headerDescription ?? tensorDescription
    }
  }

  private var headerDescription: String? {
    switch self {
    case .headerEmpty(let file):
      "\(file): the header's length is zero. \(Self.notSafetensors)"
    case .headerTooLarge(let file, let length):
      "\(file): the header's length is given as \(length) bytes, and at most \(SafetensorsFile.maximumHeaderLength) "
        + "are allowed. \(Self.notSafetensors)"
    case .headerPastEnd(let file, let length, let available):
      "\(file): the header's length is given as \(length) bytes, and only \(available) follow: "
        + "\(length - UInt64(available)) are missing. The file is cut short or not a safetensors file. "
        + "Fetch or export it again."
    case .invalidUTF8(let file, let offset):
      "\(file): the header is not UTF-8 at byte \(offset). \(Self.notSafetensors)"
    case .invalidJSON(let file, let offset, let reason):
      "\(file): the header is not valid at byte \(offset): \(reason). \(Self.notSafetensors)"
    case .duplicateKey(let file, let key, let offset):
      "\(file): the header names \(Self.quoted(key)) a second time at byte \(offset). Export the file again."
    default: nil
    }
  }

  private var tensorDescription: String {
    switch self {
    case .missingField(let file, let key, let field):
      "\(file): the entry of \(Self.quoted(key)) has no \"\(field)\". Export the file again."
    case .unknownDType(let file, let key, let dtype):
      "\(file): \(Self.quoted(key)) has the unknown element type \(Self.quoted(dtype)). "
        + "Convert it to F32, F16 or BF16."
    case .invalidShape(let file, let key, let shape):
      "\(file): \(Self.quoted(key)) has the shape \(shape), with a negative or an oversized dimension. "
        + "Export the file again."
    case .shapeOverflow(let file, let key, let shape, let dtype):
      "\(file): \(Self.quoted(key)) has the shape \(Self.printable(shape)) of \(dtype.rawValue), "
        + "whose size is no whole number of bytes that fits in memory. Export the file again."
    case .invalidOffsets(let file, let key, let offsets):
      "\(file): \(Self.quoted(key)) has the data offsets \(offsets), and they must be two integers, "
        + "begin and end, ascending. Export the file again."
    case .sizeMismatch(let file, let key, let shape, let dtype, let expected, let found):
      "\(file): \(Self.quoted(key)) occupies \(found) bytes, and its shape \(Self.printable(shape)) of "
        + "\(dtype.rawValue) takes \(expected). Export the file again."
    case .overlap(let file, let key, let other, let begin, let otherEnd):
      "\(file): \(Self.quoted(key)) begins at byte \(begin), before \(Self.quoted(other)) ends at \(otherEnd). "
        + "Export the file again."
    case .hole(let file, let key, let begin, let previousEnd):
      "\(file): the \(begin - previousEnd) bytes before \(Self.quoted(key)), from \(previousEnd) to \(begin), "
        + "belong to no tensor. Export the file again."
    case .truncated(let file, let key, let expected, let found):
      "\(file): the file is cut short: \(expected - found) of \(expected) bytes of data are missing, from within "
        + "\(Self.quoted(key)) on. \(Self.fetchAgain)"
    case .trailingBytes(let file, let expected, let found):
      "\(file): \(found - expected) bytes follow the last tensor, after \(expected) bytes of data. The file is "
        + "garbled. \(Self.fetchAgain)"
    default:
      "The weights cannot be read."
    }
  }

  private static let fetchAgain = "Fetch or export it again."
  private static let notSafetensors =
    "The file is damaged, or neither a safetensors file nor one of PyTorch. Download or export it again."

  /// A name from a file between quotes, made safe to print.
  package static func quoted(_ name: String) -> String { "\"\(printable(name))\"" }

  /// A name from a file, of bounded length and without control characters, whatever the file holds.
  package static func printable(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars.prefix(160) {
      text +=
        scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return name.unicodeScalars.dropFirst(160).isEmpty ? text : text + "..."
  }

  /// A shape from a file, which may have any number of dimensions.
  static func printable(_ shape: [Int]) -> String {
    let texts =
      shape.prefix(8).map(String.init) + (shape.count > 8 ? ["... \(shape.count) dimensions"] : [])
    return "[\(texts.joined(separator: ", "))]"
  }
}

extension WeightError: CategorizedError {
  /// Reading is the model's fault, writing the disk's; memory that ends is neither's.
  public var category: ErrorCategory {
    switch self {
    case .fileNotWritable, .fileExists, .writeOutOfOrder, .outOfResources: .run
    default: .model
    }
  }
}
