// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Runs a program until it ends, its time is up, or the report is interrupted.
///
/// What it computes on may hang in a way that no signal but SIGKILL ends; the program that waits for it must not.
enum PartProcess {
  enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
    case cutOff
  }

  /// - Parameters:
  ///   - output: where its standard output goes.
  ///   - errors: where its standard error goes.
  ///   - environment: variables besides those of this process.
  ///   - deadline: when it is ended.
  ///   - meanwhile: called about once a second, and once more at the end.
  /// - Throws: `CancellationError` if the report was interrupted, after ending the program.
  static func run(
    _ program: URL, _ arguments: [String], output: URL, errors: URL, environment: [String: String],
    deadline: ContinuousClock.Instant, meanwhile: () -> Void
  ) throws -> Ending {
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    var lastLook = ContinuousClock.now
    while process.isRunning {
      if Interruption.shared.isRequested {
        end(process)
        throw CancellationError()
      }
      if ContinuousClock.now > deadline {
        end(process)
        meanwhile()
        return .cutOff
      }
      usleep(50_000)
      if ContinuousClock.now - lastLook > .seconds(1) {
        lastLook = .now
        meanwhile()
      }
    }
    meanwhile()
    return process.terminationReason == .exit
      ? .exit(process.terminationStatus) : .signal(process.terminationStatus)
  }

  /// Kills it with its group, and waits a little: a process that waits within a driver may not even die.
  private static func end(_ process: Process) {
    let identifier = process.processIdentifier
    kill(-identifier, SIGKILL)
    kill(identifier, SIGKILL)
    let patience = ContinuousClock.now + .seconds(5)
    while process.isRunning, ContinuousClock.now < patience { usleep(20_000) }
  }
}

/// Notes that SIGINT or SIGTERM came: the report then ends its program, writes what it has, and stops.
final class Interruption: Sendable {
  static let shared = Interruption()

  /// A dispatch source may be used from any thread; its protocol does not say so.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  private let received = Mutex<Int32?>(nil)
  private let sources = Mutex<[Source]>([])

  /// Whether one came.
  var isRequested: Bool { received.withLock { $0 != nil } }
  /// What a shell would tell of it, 128 and the signal's number.
  var exitCode: Int32 { 128 + (received.withLock { $0 } ?? SIGINT) }

  /// Listens from now on; a second signal ends the program at once.
  func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = Source(source: DispatchSource.makeSignalSource(signal: number, queue: .global()))
      source.source.setEventHandler { [self] in
        let isRepeated = received.withLock { received in
          defer { received = received ?? number }
          return received != nil
        }
        if isRepeated { _exit(exitCode) }
      }
      source.source.resume()
      sources.withLock { $0.append(source) }
    }
  }
}
