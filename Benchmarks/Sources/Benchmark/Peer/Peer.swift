// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// PyTorch in a process of its own: makes the same work, and runs it when it is its turn.
///
/// One line of JSON a request, one a reply, so that both sides stay loaded and take turns in one run.
final class Peer {
  /// What work runs in.
  struct Prepared: Decodable { let layout: String? }
  /// One turn: seconds for each repeat, and of a job each stage's.
  struct Turn: Decodable {
    let seconds: Double
    let stages: [String: Double]?
  }

  /// For the table's head.
  let name: String
  /// The version and its setting.
  private(set) var description: String
  private let process = Process()
  private let requests = Pipe()
  private let replies = Pipe()
  private var unread = Data()

  private struct Request: Encodable {
    let command: String
    var work: PeerWork?
    var repeats: Int?
    var setting: Setting?
  }
  private struct Setting: Encodable {
    let threads: Int
    let dtype: String
    let device: String
    let isCompiled: Bool
    let layout: String
    let configuration: ModelConfiguration
  }
  private struct Started: Decodable {
    let version: String
    let threads: Int
    let capability: String
  }
  private struct Failure: Decodable {
    let error: String
    let isMissing: Bool?
  }
  private struct Memory: Decodable { let peakBytes: Int }
  private struct Nothing: Decodable {}

  /// Starts the interpreter and imports PyTorch.
  ///
  /// - Throws: ``BenchmarkError`` if there is no such interpreter or it has no PyTorch.
  init(settings: Settings, threads: Int) throws {
    let folder = Self.folder
    let script = folder.appendingPathComponent("peer.py").path
    guard FileManager.default.fileExists(atPath: script) else { throw BenchmarkError.noPeerScript(script) }
    guard let python = Self.find(settings.python) else { throw BenchmarkError.noPython(settings.python) }
    name = "PyTorch \(settings.compareDtype.rawValue)" + (settings.compareCompiled ? " compiled" : "")
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-B", script]
    process.standardInput = requests
    process.standardOutput = replies

    description = name
    do { try process.run() } catch { throw BenchmarkError.noPython(settings.python) }
    let setting = Setting(
      threads: threads, dtype: settings.compareDtype.rawValue, device: settings.compareDevice.rawValue,
      isCompiled: settings.compareCompiled, layout: settings.compareLayout.rawValue,
      configuration: try settings.configuration())
    do {
      let started: Started = try ask(Request(command: "start", setting: setting))
      description = "PyTorch \(started.version), \(settings.compareDtype.rawValue), "
      if settings.compareCompiled { description += "compiled, " }
      if settings.compareDevice == .cpu { description += "\(started.threads) threads, " }
      description += started.capability
    } catch BenchmarkError.noTorch(_, let reason, _) {
      throw BenchmarkError.noTorch(
        python: settings.python, reason: reason, requirements: folder.appendingPathComponent("requirements.txt").path)
    }
  }

  /// Where the script stands: in a folder that was made to be carried about beside that of the program, else beside the
  /// sources that this was built from.
  private static var folder: URL {
    let program = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    let carried = program.deletingLastPathComponent().appendingPathComponent("../pytorch").standardizedFileURL
    if FileManager.default.fileExists(atPath: carried.appendingPathComponent("peer.py").path) { return carried }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../pytorch")
      .standardizedFileURL
  }

  /// Makes the work and runs it once to warm up.
  func prepare(_ work: PeerWork) throws -> Prepared { try ask(Request(command: "prepare", work: work)) }

  /// Runs the prepared work. A pause before and after lets the threads of the one side fall asleep before the other's
  /// start: those of OpenMP keep spinning for a while.
  func turn(repeats: Int) throws -> Turn {
    usleep(20_000)
    defer { usleep(20_000) }
    return try ask(Request(command: "run", repeats: repeats))
  }

  /// Lets the prepared work go.
  func forget() throws { let _: Nothing = try ask(Request(command: "forget")) }

  /// The most memory of the process that was resident at a time, in GiB.
  func peakResidentGiB() throws -> Double {
    let memory: Memory = try ask(Request(command: "memory"))
    return Double(memory.peakBytes) / 1_073_741_824
  }

  /// Ends the process.
  func close() {
    guard process.isRunning else { return }
    // The script ends with its input.
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  private func ask<Reply: Decodable>(_ request: Request) throws -> Reply {
    let line = try JSONEncoder().encode(request) + Data("\n".utf8)
    do { try requests.fileHandleForWriting.write(contentsOf: line) } catch { throw ended() }
    let reply = try readLine()
    if let failure = try? JSONDecoder().decode(Failure.self, from: reply) {
      if failure.isMissing == true {
        throw BenchmarkError.noTorch(python: "", reason: failure.error, requirements: "")
      }
      throw BenchmarkError.peerFailed(request: request.work?.work ?? request.command, reason: failure.error)
    }
    return try JSONDecoder().decode(Reply.self, from: reply)
  }

  private func readLine() throws -> Data {
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        let line = Data(unread[unread.startIndex..<end])
        unread = Data(unread[unread.index(after: end)...])
        return line
      }
      let more = replies.fileHandleForReading.availableData
      guard !more.isEmpty else { throw ended() }
      unread += more
    }
  }

  private func ended() -> BenchmarkError {
    process.waitUntilExit()
    return .peerEnded(status: process.terminationStatus)
  }

  /// The path of a program: as given if it has a slash, else searched for as a shell does.
  private static func find(_ program: String) -> String? {
    let manager = FileManager.default
    if program.contains("/") { return manager.isExecutableFile(atPath: program) ? program : nil }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(program)" }.first { manager.isExecutableFile(atPath: $0) }
  }
}
