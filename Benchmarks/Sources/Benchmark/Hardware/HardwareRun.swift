// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// Makes a report, part by part.
final class HardwareRun {
  /// The parts, in the order of their importance.
  enum Part: String, CaseIterable {
    case device, check, pictures
    case stepF16 = "step-f16"
    case stepF32 = "step-f32"
    case vaeF16 = "parts-f16"
    case jobF16 = "job-f16"
    case torch
    case processorCheck = "cpu-check"
    case processorF32 = "cpu-f32"
    case processorBF16 = "cpu-bf16"
    case torchCompiled = "torch-compiled"
    case vaeF32 = "parts-f32"
    case jobF32 = "job-f32"
    case otherTiers = "check-others"
    case torchProcessor = "cpu-torch"
    case operationsF16 = "ops-f16"
    case training

    var title: String {
      switch self {
      case .device: "what the device and its driver are, the tier chosen and why"
      case .check: "the conformance suite with the kernels of that tier"
      case .pictures: "the demo on the processor and on the device, and how the pictures differ"
      case .stepF16: "a denoising step in f16 by member"
      case .stepF32: "the same in f32"
      case .vaeF16: "encoders and autoencoder in f16 by member"
      case .jobF16: "a whole picture in f16"
      case .torch: "PyTorch on the same card beside a step in f16"
      case .processorCheck: "the conformance suite with every instruction set of the processor"
      case .processorF32: "a step on the processor in f32"
      case .processorBF16: "the same in bf16"
      case .torchCompiled: "PyTorch compiled beside a step in f16"
      case .vaeF32: "encoders and autoencoder in f32"
      case .jobF32: "a whole picture in f32"
      case .otherTiers: "the conformance suite with the kernels of the other tiers"
      case .torchProcessor: "PyTorch on the processor beside a step in f32"
      case .operationsF16: "each operation of the network in f16, beside PyTorch on the same card where there is one"
      case .training: "steps of training of the built-in network, likewise"
      }
    }

    /// Seconds after which it is ended.
    var limit: Double {
      switch self {
      case .device: 20
      case .check, .otherTiers, .torch: 60
      case .pictures: 60
      case .stepF16, .stepF32, .vaeF16, .vaeF32: 45
      case .jobF16, .jobF32: 60
      case .processorCheck: 45
      case .processorF32, .processorBF16: 60
      case .torchCompiled: 100
      case .torchProcessor: 90
      case .operationsF16, .training: 60
      }
    }
  }

  let command: HardwareReportCommand
  /// Where the programs write; goes with the run.
  let folder: URL
  var report: HardwareReport
  private let store: ReportStore
  private let console = Console(handle: .standardError)
  private let start = ContinuousClock.now
  private let colorize: URL
  private let program: URL

  init(_ command: HardwareReportCommand) throws {
    self.command = command
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("irodori-report-\(UUID().uuidString)")
    program = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    colorize = try Self.findColorize(command.colorize, beside: program)
    let machine = Machine(backend: try CPUBackend())
    report = HardwareReport(
      processor: machine.processor, threads: machine.threads, memoryGiB: brief(machine.memoryGiB),
      system: Self.system, timeLimit: command.timeLimit ?? 240)
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withFullDate]
    report.date = formatter.string(from: Date())
    store = try ReportStore(folder: command.output)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Whether something that ran failed or was cut off.
  var hasFailures: Bool { report.parts.contains { $0.state == .failed || $0.state == .cutOff } }

  /// Runs all parts that are asked for.
  func run() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    // Without what the device is, nothing else makes sense.
    let chosen = try command.chosenParts()
    try run(.device, limit: chosen.first { $0.part == .device }?.seconds)
    for choice in chosen where choice.part != .device { try run(choice.part, limit: choice.seconds) }
    report.state = Interruption.shared.isRequested ? .interrupted : .complete
    write()
    console.say("report: wrote \(store.paths.joined(separator: " and "))")
  }

  private var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  private func run(_ part: Part, limit ownLimit: Double?) throws {
    report.parts.append(HardwareReport.Part(name: part.rawValue, title: part.title))
    let place = report.parts.count - 1
    func leave(_ state: HardwareReport.Part.State, _ note: String?) {
      report.parts[place].state = state
      if let note { report.parts[place].note = note }
      let seconds = report.parts[place].seconds
      console.say(
        "report: \(part.rawValue): \(state.rawValue)" + (state == .notRun ? "" : " in \(Console.number(seconds, 1)) s")
          + (note.map { ", \($0)" } ?? ""))
      write()
    }
    if Interruption.shared.isRequested { return leave(.notRun, "interrupted") }
    let remaining = report.timeLimit - elapsed
    guard remaining > 2 || part == .device else { return leave(.notRun, "no time was left") }
    if let obstacle = obstacle(to: part) { return leave(.notRun, obstacle) }
    console.say("report: \(part.rawValue): \(part.title)")
    write()
    let begin = ContinuousClock.now
    let limit = min(ownLimit ?? part.limit * (isSoftware ? 2.5 : 1), max(remaining, 3))
    do {
      try perform(part, place, deadline: begin + .seconds(limit))
      report.parts[place].seconds = brief((ContinuousClock.now - begin) / .seconds(1))
      leave(.done, nil)
    } catch {
      report.parts[place].seconds = brief((ContinuousClock.now - begin) / .seconds(1))
      switch error {
      case is CancellationError: leave(.cutOff, "interrupted")
      case PartError.missing(let what): leave(.notRun, what)
      case PartError.incomplete(let what): leave(.cutOff, what)
      case PartError.cutOff: leave(.cutOff, "no end after \(Int(limit)) s")
      default: leave(.failed, "\(error)")
      }
    }
  }

  /// Writes both files; a disk that is full must not end the run.
  func write() {
    report.seconds = brief(elapsed)
    do { try store.write(report) } catch { console.say("report: cannot write: \(error)") }
  }

  /// Names the files after the device, once it is known.
  func nameReport(_ device: String) { store.rename(to: device) }

  // MARK: Programs

  /// Why a program ended otherwise than it should.
  enum PartError: Error, CustomStringConvertible {
    case cutOff
    case ended(String)
    /// Time was too short for all of it.
    case incomplete(String)
    /// What the part needs is not there, which is no failure.
    case missing(String)

    var description: String {
      switch self {
      case .cutOff: "its time was up"
      case .ended(let words), .incomplete(let words), .missing(let words): words
      }
    }
  }

  /// Runs `colorize` and returns what it printed.
  func runColorize(
    _ arguments: [String], for part: Part, deadline: ContinuousClock.Instant, allowing statuses: [Int32] = [0],
    meanwhile: (Data) -> Void = { _ in }
  ) throws -> Data {
    let output = folder.appendingPathComponent("output")
    try runProgram(colorize, arguments, part, output, deadline, statuses) {
      meanwhile((try? Data(contentsOf: output)) ?? Data())
    }
    return try Data(contentsOf: output)
  }

  /// Runs one group of the benchmark.
  func runGroup(
    _ arguments: [String], for part: Part, deadline: ContinuousClock.Instant, meanwhile: (GroupReport) -> Void
  ) throws {
    let file = folder.appendingPathComponent("group.json")
    try? FileManager.default.removeItem(at: file)
    let output = folder.appendingPathComponent("output")
    try runProgram(program, arguments + ["--group-report=\(file.path)"], part, output, deadline, [0]) {
      guard let data = try? Data(contentsOf: file), let report = try? JSONDecoder().decode(GroupReport.self, from: data)
      else { return }
      meanwhile(report)
    }
  }

  private func runProgram(
    _ program: URL, _ arguments: [String], _ part: Part, _ output: URL, _ deadline: ContinuousClock.Instant,
    _ statuses: [Int32], meanwhile: () -> Void
  ) throws {
    let errors = folder.appendingPathComponent("errors")
    var environment: [String: String] = [:]
    if let fault = command.fault, fault.hasPrefix("\(part.rawValue)=") {
      environment["IRODORI_VULKAN_FAULT"] = String(fault.dropFirst(part.rawValue.count + 1))
    }
    let ending = try PartProcess.run(
      program, arguments, output: output, errors: errors, environment: environment, deadline: deadline,
      meanwhile: meanwhile)
    switch ending {
    case .exit(let status) where statuses.contains(status): return
    case .cutOff: throw PartError.cutOff
    case .exit(let status): throw PartError.ended("status \(status): \(Self.lastWords(errors))")
    case .signal(let signal): throw PartError.ended("ended by signal \(signal): \(Self.lastWords(errors))")
    }
  }

  /// The last lines of a file, without the paths of this machine.
  private static func lastWords(_ file: URL) -> String {
    let text = String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " / ")
    let home = NSHomeDirectory()
    return String(
      (home.count > 1 ? lines.replacingOccurrences(of: home, with: "~") : lines).suffix(500))
  }

  private static func findColorize(_ path: String?, beside program: URL) throws -> URL {
    let folders =
      [program.deletingLastPathComponent().path]
      + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let candidates = path.map { [$0] } ?? folders.map { "\($0)/colorize" }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw BenchmarkError.noColorize(path ?? program.deletingLastPathComponent().path)
    }
    return URL(fileURLWithPath: found)
  }

  /// The distribution and the kernel.
  private static var system: String {
    var names = utsname()
    uname(&names)
    let kernel = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    // What follows the numbers may name whoever built it.
    let version = kernel.split(separator: "-").first.map(String.init) ?? kernel
    return "\(ProcessInfo.processInfo.operatingSystemVersionString), Linux \(version)"
  }
}

/// The two files of a report.
final class ReportStore {
  private let folder: URL
  private var name = "hardware"
  private(set) var paths: [String] = []

  /// - Throws: ``BenchmarkError/noFolder(_:)`` if it cannot be made.
  init(folder path: String) throws {
    folder = URL(fileURLWithPath: path)
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw BenchmarkError.noFolder(path)
    }
  }

  func write(_ report: HardwareReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let files = [
      ("json", try encoder.encode(report) + Data("\n".utf8)), ("md", Data(report.markdown.utf8)),
    ]
    paths = try files.map { ending, data in
      let file = folder.appendingPathComponent("\(name).\(ending)")
      try data.write(to: file, options: .atomic)
      return file.path
    }
  }

  /// Takes another name: words of letters and digits. What was written under the old one goes.
  func rename(to device: String) {
    let words = device.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    guard !words.isEmpty else { return }
    for path in paths { try? FileManager.default.removeItem(atPath: path) }
    name = words.prefix(6).joined(separator: "-")
  }
}
