// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The built program, run as a user runs it.
struct Program {
  /// What a run left behind.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as one JSON object.
    func json() throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
  }

  /// The program beside the test bundle, in the folder of build products.
  static func executable() throws -> URL {
    var folder = Bundle.main.bundleURL
    // Depending on the platform, the running bundle is the folder itself or something in it.
    for _ in 0..<5 {
      let candidate = folder.appendingPathComponent("colorize")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    let running = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidate = running.appendingPathComponent("colorize")
    try #require(FileManager.default.isExecutableFile(atPath: candidate.path), "no program beside \(running.path)")
    return candidate
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - folder: the working folder.
  ///   - executable: another program, nil for this one.
  ///   - environment: variables besides those of this process.
  ///   - signal: sent as soon as the error stream holds `word`.
  static func run(
    _ arguments: [String], in folder: Folder, executable path: String? = nil, signal: Int32? = nil,
    signalAfter word: String = "sampling", environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = try path.map { URL(fileURLWithPath: $0) } ?? executable()
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files and not pipes: nobody has to empty a file for the program to go on.
    let (output, errors) = (folder.url.appendingPathComponent(".out"), folder.url.appendingPathComponent(".err"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
    try process.run()
    if let signal {
      let deadline = Date(timeIntervalSinceNow: 600)
      while try !text(errors).contains(word), process.isRunning, Date() < deadline { usleep(10_000) }
      kill(process.processIdentifier, signal)
    }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit || signal == SIGKILL, "the program crashed")
    return Outcome(status: process.terminationStatus, output: try text(output), errors: try text(errors))
  }
}

/// A folder that goes away with the test.
final class Folder {
  let url: URL
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    url = URL(fileURLWithPath: folder.path)
  }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The visible files, sorted.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).filter { ![".out", ".err"].contains($0) }.sorted()
  }
}
