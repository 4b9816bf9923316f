// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// `-` in place of a file's name: standard input, or standard output.
enum StandardStreams {
  static let name = "-"

  /// A picture from a file or from standard input.
  static func load(_ path: String) throws(ImageError) -> (image: Image, metadata: ImageMetadata) {
    guard path == name else { return try Image.loadWithMetadata(path) }
    return try Image.decode(try input(), file: "standard input")
  }

  /// All of standard input.
  static func input() throws(ImageError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .unreadable(
          file: "standard input",
          reason: errno == EBADF ? "it is closed" : SystemError.last.readingReason)
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= Image.maximumFileSize else {
        throw .tooLarge(file: "standard input", reason: "more than \(Image.maximumFileSize) bytes")
      }
      // A full array doubles.
      guard bytes.count < bytes.capacity - buffer.count || HostMemory.hasRoom(for: 3 * bytes.count) else {
        throw .unreadable(file: "standard input", reason: SystemError(code: ENOMEM).readingReason)
      }
    }
  }

  /// Takes the places of standard streams that are closed, so that no file which is opened later gets one of them, and with
  /// it what is meant for the stream. Reading and writing them still fails.
  static func holdClosed() {
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is taken, which is this one.
      _ = open("/dev/null", mode)
    }
  }

  /// Writes a picture as PNG to standard output.
  static func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw ToolError(.failure, "standard output cannot be written: \(SystemError.last.writingReason)")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Checks that the streams are each used once, and leaves standard output to the picture.
  ///
  /// - Parameters:
  ///   - inputs: the names of all inputs.
  ///   - output: that of the output.
  static func claim(inputs: [String], output: String, json: Bool) throws {
    if inputs.count(where: { $0 == name }) > 1 {
      throw ToolError.usage("only one picture can come from standard input (-); give files for the others")
    }
    guard output == name else { return }
    if json { throw ToolError.usage("--json and a picture both want standard output; give the picture a file") }
    if isatty(STDOUT_FILENO) == 1 {
      throw ToolError.usage("standard output is a terminal, which shows no pictures; redirect it, or give a file")
    }
    Console.shared.giveOutputAway()
  }
}
