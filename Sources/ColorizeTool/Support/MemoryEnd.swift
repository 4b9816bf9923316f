// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// What becomes of the program where memory ends in the middle of it: in the system's libraries and in Swift's own, which have
/// no way to say so but a crash. What the program takes for its own work it asks for, and counts before.
enum MemoryEnd {
  /// What is done about signals otherwise. A handler can read these and nothing that is made on demand.
  nonisolated(unsafe) private static var (abort, fault, trap) = (sigaction(), sigaction(), sigaction())
  /// What is tried to be had: where not even that much is free, a crash is the end of memory.
  private static let probe = 4 << 20

  /// Says that memory has ended, and ends the program, where it crashes for that reason. Only under a limit on its address
  /// space: without one the system ends programs by itself.
  static func handle() {
    var action = sigaction()
    action.sa_flags = SA_SIGINFO | SA_ONSTACK
    action.__sigaction_handler.sa_sigaction = { signal, _, _ in
      let page = mmap(nil, MemoryEnd.probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      if page == MAP_FAILED {
        let text: StaticString = "colorize: error: memory has ended; free some memory, or choose a smaller --size\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(ExitStatus.failure.rawValue)
      }
      munmap(page, MemoryEnd.probe)
      // Not the reason: it happens again, and ends the program as it would have.
      switch signal {
      case SIGABRT: sigaction(SIGABRT, &MemoryEnd.abort, nil)
      case SIGSEGV: sigaction(SIGSEGV, &MemoryEnd.fault, nil)
      default: sigaction(SIGILL, &MemoryEnd.trap, nil)
      }
    }
    sigaction(SIGABRT, &action, &abort)
    sigaction(SIGSEGV, &action, &fault)
    sigaction(SIGILL, &action, &trap)
    HostMemory.shareHeap()
  }
}
