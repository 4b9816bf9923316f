// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// The program's exit codes. Scripts rely on them, and the help lists them.
enum ExitStatus: Int32 {
  case done = 0
  /// Something failed while running: memory, disk, device, numbers.
  case failure = 1
  /// The command line asks for something that cannot be: an option, an input file, an output folder.
  case usage = 2
  /// The model's files are missing, damaged, or do not fit together.
  case unusableModel = 3
  /// Stopped by SIGHUP, 128 + 1.
  case hungUp = 129
  /// Stopped by SIGINT, 128 + 2 as shells have it.
  case interrupted = 130
  /// Stopped by SIGTERM, 128 + 15.
  case terminated = 143

  init(_ category: ErrorCategory) {
    switch category {
    case .usage: self = .usage
    case .model: self = .unusableModel
    case .run: self = .failure
    }
  }

  /// The lines of the help.
  static let help = """
    EXIT STATUS:
      0  done
      1  failure while running (memory, disk, device)
      2  usage: a bad option, an input that is missing or no image, an output folder that is not there
      3  the model cannot be used
      129, 130, 143  stopped by SIGHUP, SIGINT (Ctrl-C), SIGTERM; no half-written file is left
    """
}

/// An error as the user sees it: one line, and the exit code that goes with it.
struct ToolError: Error {
  let status: ExitStatus
  let message: String
  /// The files that were written all the same.
  var written: [String] = []

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = Self.oneLine(message)
  }

  /// What a command was ended by that had written some of its files.
  init(_ error: any Error, written: [String]) {
    let error = ToolError(error)
    let list = written.isEmpty ? "" : " (written all the same: \(written.joined(separator: ", ")))"
    self.init(error.status, error.message + list)
    self.written = written
  }

  static func usage(_ message: String) -> ToolError { ToolError(.usage, message) }

  /// Sorts what the libraries throw.
  init(_ error: any Error) {
    switch error {
    case let error as ToolError: self = error
    case is CancellationError: self.init(.interrupted, "interrupted")
    case WeightError.mismatch(let report): self.init(.unusableModel, Self.describe(report))
    case let error as any CategorizedError:
      // Libraries call options by the names of properties.
      self.init(ExitStatus(error.category), (error as? ColorizeError)?.inOptions ?? error.description)
    default: self.init(.failure, "\(error)")
    }
  }

  /// The report's counts and its first fault; the whole list is what `inspect` is for.
  private static func describe(_ report: LoadReport) -> String {
    var faults: [String] = []
    func name(_ key: String) -> String { WeightError.printable(key) }
    if let first = report.missing.first {
      faults.append("\(report.missing.count) missing (\(name(first.key)))")
    }
    if let first = report.misshaped.first {
      let fault =
        first.found == first.expected
        ? "is of type \(first.dtype.rawValue)" : "is \(first.found), expected \(first.expected)"
      faults.append(
        "\(report.misshaped.count) of another shape or type (\(name(first.key)) \(fault), in \(first.file))")
    }
    if let first = report.nonFinite.first {
      faults.append("\(report.nonFinite.count) not finite (\(name(first.key)) in \(first.file))")
    }
    if let first = report.holes.first {
      let bytes = Format.bytes(report.holes.reduce(0) { $0 + $1.byteCount })
      faults.append(
        "\(bytes) of zeros, as an unfinished download leaves them (from \(name(first.key)) on, in \(first.file))")
    }
    if let first = report.unexpected.first {
      faults.append("\(report.unexpected.count) unexpected (\(name(first.key)) in \(first.file))")
    }
    let hints = report.hints.isEmpty ? "" : "; " + report.hints.joined(separator: "; ")
    return "the weights do not fit the model: \(faults.joined(separator: ", "))\(hints); "
      + "`colorize inspect` lists them"
  }

  /// The most characters of a line; what is longer loses its middle, since the end says what to do.
  private static let maximumLength = 2000

  private static func bounded(_ text: String) -> String {
    let scalars = text.unicodeScalars
    // Only as much is looked at as can be shown: a message may hold megabytes of a file.
    guard scalars.index(scalars.startIndex, offsetBy: maximumLength, limitedBy: scalars.endIndex) != nil else {
      return text
    }
    return String(scalars.prefix(maximumLength * 3 / 4)) + " ... " + String(scalars.suffix(maximumLength / 4))
  }

  /// Keys and names in a message come from files, so anything may be in them; a line of a log stays one line.
  static func oneLine(_ text: String) -> String {
    var line = ""
    for part in bounded(text).split(whereSeparator: \.isNewline) {
      let trimmed = part.drop { $0 == " " }
      line += line.isEmpty ? String(trimmed) : " " + trimmed
    }
    // A byte of a name that is no UTF-8 is shown as a question mark, as a terminal would.
    let shown = line.unicodeScalars.filter { $0.properties.generalCategory != .control }
      .map { (0x10FF80...0x10FFFF).contains($0.value) ? "?" : $0 }
    return String(String.UnicodeScalarView(shown))
  }
}
