// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs one group in a process of its own, so that its peak of memory is its own too.
enum GroupProcess {
  /// - Parameter output: where the group's table goes.
  static func run(_ group: GroupName, _ settings: Settings, output: FileHandle) throws -> GroupReport {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("irodori-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = folder.appendingPathComponent("group.json")

    let process = Process()
    process.executableURL = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = ["--groups", group.rawValue] + settings.arguments + ["--group-report=\(report.path)"]
    process.standardOutput = output
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw BenchmarkError.groupFailed(
        group: group.rawValue, status: process.terminationStatus,
        wasKilled: process.terminationReason == .uncaughtSignal)
    }
    return try JSONDecoder().decode(GroupReport.self, from: Data(contentsOf: report))
  }

  /// Ends this process with the one that started it: it is in a group of its own, so that what a terminal sends to that
  /// one does not reach it.
  static func endWithParent() -> any DispatchSourceTimer {
    let parent = getppid()
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "irodori.benchmark.parent"))
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler { if getppid() != parent { _exit(1) } }
    timer.resume()
    return timer
  }
}
