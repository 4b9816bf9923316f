// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// What becomes of a model's file that another program shortens while it is used: reading the pages that it has lost is a
/// SIGBUS. Sizes are checked where a part of the network is read, and this is for the moment in between.
enum BusError {
  /// Names the file, and ends the program, where a mapped file is the reason.
  static func handle() {
    MappedFiles.prepare()
    var action = sigaction()
    action.sa_flags = SA_SIGINFO
    action.__sigaction_handler.sa_sigaction = { _, information, _ in
      guard let path = MappedFiles.path(at: information?.pointee._sifields._sigfault.si_addr) else {
        // Not ours: it happens again, and ends the program as it would have.
        signal(SIGBUS, SIG_DFL)
        return
      }
      BusError.say("colorize: error: ")
      _ = write(STDERR_FILENO, path, strlen(path))
      BusError.say(
        ": the file has become shorter while it is in use. Wait until whatever writes it is done, and start again.\n")
      _exit(ExitStatus.unusableModel.rawValue)
    }
    sigaction(SIGBUS, &action, nil)
  }

  private static func say(_ text: StaticString) { _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
}
