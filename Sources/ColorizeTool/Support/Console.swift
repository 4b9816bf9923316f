// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The program's two streams. Everything that is printed goes through here, so that a progress bar and a message never
/// end up in one line.
final class Console: Sendable {
  static let shared = Console()

  /// Whether standard error is a terminal that can redraw a line.
  let isInteractive: Bool
  private let bar = Mutex(false)
  private let lost = Mutex<Int32?>(nil)
  private let said = Mutex<[String]>([])
  private let givesOutputAway = Mutex(false)

  private init() {
    isInteractive = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// The columns of the terminal.
  var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Prints a line of results on standard output.
  func output(_ line: String) {
    bar.withLock { isShown in
      clear(&isShown)
      let isGiven = givesOutputAway.withLock { $0 }
      let code = Self.write(line + "\n", to: isGiven ? STDERR_FILENO : STDOUT_FILENO)
      if code != 0 { lost.withLock { $0 = $0 ?? code } }
    }
  }

  /// Why something that was to stand on standard output does not; nil if all of it does.
  var lostOutput: Int32? { lost.withLock { $0 } }

  /// Leaves standard output to a picture: what would be printed there goes to standard error.
  func giveOutputAway() { givesOutputAway.withLock { $0 = true } }

  /// Prints a message on standard error.
  func message(_ line: String) {
    bar.withLock { isShown in
      clear(&isShown)
      Self.write(line + "\n", to: STDERR_FILENO)
    }
  }

  /// Prints a message with the program's name, and keeps it for the report.
  ///
  /// - Parameter isShown: false keeps it only.
  func note(_ text: String, isShown: Bool = true) {
    let line = ToolError.oneLine(text)
    said.withLock { $0.append(line) }
    if isShown { message("colorize: note: \(line)") }
  }

  /// All notes so far, in their order.
  var notes: [String] { said.withLock { $0 } }

  /// Replaces the line that is being redrawn. Only for an interactive console.
  func redraw(_ line: String) {
    bar.withLock { isShown in
      isShown = true
      // The cursor stays out of the last column, where some terminals would wrap.
      Self.write("\r\u{1B}[K" + line.prefix(max(width - 1, 1)), to: STDERR_FILENO)
    }
  }

  /// Removes the line that is being redrawn.
  func clear() { bar.withLock { clear(&$0) } }

  private func clear(_ isShown: inout Bool) {
    guard isShown else { return }
    Self.write("\r\u{1B}[K", to: STDERR_FILENO)
    isShown = false
  }

  /// Writes and forgets: with nobody left to read there is nobody left to tell. (`FileHandle.write` would trap.)
  ///
  /// - Returns: 0, or the number of the error.
  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? errno : EIO }
      bytes = bytes.dropFirst(count)
    }
    return 0
  }
}
