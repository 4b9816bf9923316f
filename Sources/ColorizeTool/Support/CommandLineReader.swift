// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Reads the program's command line: the parser's work, and its faults in the program's words.
package enum CommandLineReader {
  /// The command with its options.
  ///
  /// - Throws: ``ToolError``, or what the parser throws where help is asked for.
  static func read(_ arguments: [String]) throws -> any ParsableCommand {
    try ArgumentCheck.check(arguments)
    do {
      return try ColorizeCommand.parseAsRoot(PlacedFile.numbering(arguments))
    } catch  where ColorizeCommand.exitCode(for: error) != .success {
      throw fault(error, in: arguments)
    }
  }

  /// What the program says of a command line that it cannot read; nil for one that it can, whatever comes of it.
  package static func fault(of arguments: [String]) -> String? {
    do {
      _ = try read(arguments)
      return nil
    } catch {
      return (error as? ToolError)?.message
    }
  }

  /// What the parser says of a fault, with a code of our own instead of its 64.
  static func fault(_ error: any Error, in arguments: [String]) -> ToolError {
    let message = ColorizeCommand.message(for: error)
    let isUnknown = ["Missing expected argument", "Unknown option '-"].contains { message.hasPrefix($0) }
    let unknown = isUnknown ? ArgumentCheck.unknownOption(in: arguments) : nil
    return .usage((unknown ?? ArgumentCheck.withExpectation(message)) + " (colorize --help lists the options)")
  }
}
