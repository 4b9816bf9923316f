// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CSystem
import DiffusionCore
import DiffusionVulkan
import Dispatch
import Foundation
import PictureFormats

/// Parses, runs, reports. All ways out of the program end here, so that each has its message and its code.
@main
enum Launcher {
  static func main() {
    // Threads have as much stack as the shell allows programs (ulimit -s), and the system's own take more than 64 KiB.
    _ = irodori_give_threads_stack(1 << 20)
    StandardStreams.holdClosed()
    checkDescriptors()
    // A reader that goes away must not end a run that still has a picture to write.
    signal(SIGPIPE, SIG_IGN)
    BusError.handle()
    checkMemory()
    VulkanBackend.register()
    PictureFormats.register()
    Task { await work() }
    dispatchMain()
  }

  private static func work() async {
    var status = await run(arguments)
    if status == .done, let reason = Console.shared.lostOutput {
      // Whoever closed a pipe knows; a full disk is news.
      if reason != EPIPE {
        Console.shared.message(
          "colorize: error: the work is done, and what was to be said of it could not be written "
            + "(\(reason == EBADF ? "standard output is closed" : SystemError(code: reason).writingReason))")
      }
      status = .failure
    }
    exit(status.rawValue)
  }

  /// Ends the program where so few files may be open that the system's libraries crash, which open some for themselves.
  private static func checkDescriptors() {
    var held: [Int32] = []
    while held.count < neededDescriptors, case let next = dup(STDERR_FILENO), next >= 0 { held.append(next) }
    for descriptor in held { close(descriptor) }
    guard held.count < neededDescriptors else { return }
    report(
      ToolError(
        .failure,
        "\(held.count) more files may be open at a time, and the program needs \(neededDescriptors); raise the limit (ulimit -n)"
      ), asJSON: arguments.contains("--json"))
  }

  private static let neededDescriptors = 16

  /// Ends the program where the limit on its address space leaves no room for its threads: the system's libraries wait for
  /// it without end, or crash.
  private static func checkMemory() {
    guard let space = HostMemory.addressSpaceByteCount else { return }
    MemoryEnd.handle()
    let (free, needed) = (space >> 20, 160)
    guard free < needed else { return }
    report(
      ToolError(.failure, "\(free) MiB of memory are free, and the program needs \(needed) to begin; free some memory"),
      asJSON: arguments.contains("--json"))
  }

  /// What the program was called with. Names of files are bytes, and need not be UTF-8.
  private static var arguments: [String] {
    (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
      CommandLine.unsafeArgv[index].map { pointer in
        FileName.string(UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) })
      }
    }
  }

  private static func run(_ arguments: [String]) async -> ExitStatus {
    if arguments == ["--help"] || arguments == ["-h"] || arguments == ["help"] {
      Console.shared.output(ColorizeCommand.fullHelp)
      return .done
    }
    let wantsJSON = arguments.contains("--json")
    let command: any ParsableCommand
    do {
      command = try CommandLineReader.read(arguments)
    } catch let error as ToolError {
      return report(error, asJSON: wantsJSON)
    } catch {
      return report(parsing: error, asJSON: wantsJSON)
    }
    nonisolated(unsafe) let parsed = command
    let task = Task { try await perform(parsed) }
    Interruption.shared.listen {
      report($0, asJSON: wantsJSON)
    } cancel: {
      task.cancel()
    }
    do {
      try await task.value
      return .done
    } catch is CancellationError {
      return report(Interruption.shared.error, asJSON: wantsJSON)
    } catch let error as ExitCode {
      // The command has said what there is to say.
      return ExitStatus(rawValue: error.rawValue) ?? .failure
    } catch let error where ColorizeCommand.exitCode(for: error) == .success {
      return report(parsing: error, asJSON: wantsJSON)
    } catch {
      return report(ToolError(error), asJSON: wantsJSON)
    }
  }

  private static func perform(_ command: any ParsableCommand) async throws {
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      var command = command
      try command.run()
    }
  }

  /// A request for help is no error; anything else is.
  private static func report(parsing error: any Error, asJSON: Bool) -> ExitStatus {
    if ColorizeCommand.exitCode(for: error) == .success {
      Console.shared.output(ColorizeCommand.fullMessage(for: error))
      return .done
    }
    return report(CommandLineReader.fault(error, in: arguments), asJSON: asJSON)
  }

  @discardableResult
  private static func report(_ error: ToolError, asJSON: Bool) -> ExitStatus {
    Console.shared.message("colorize: error: \(error.message)")
    if asJSON, let line = try? JSONOutput.line(ErrorReport(error)) { Console.shared.output(line) }
    // Where memory has ended there may be no thread to go on with, and others may wait for it: leaving in order would wait
    // for them.
    if error.status == .failure { _exit(error.status.rawValue) }
    return error.status
  }
}
