// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// `Benchmark report`: what this machine's device is, whether it computes right, and how fast.
struct HardwareReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Check and time everything on this machine's graphics card and processor, into two small files.",
    discussion: """
      Runs the parts below one after the other, in the order of --parts or else the most important first, each in a \
      process of its own with a time limit; one that fails, hangs or loses the device does not stop the next. The \
      report (one file of JSON, one of Markdown) is written as it grows, so that a run that is cut off leaves what it \
      found. Nothing of it names the user, the machine or its files; it can be sent as it is.

      PARTS:
      \(HardwareRun.Part.allCases.map { "  " + $0.rawValue + String(repeating: " ", count: 16 - $0.rawValue.count) + $0.title }.joined(separator: "\n"))
      """)

  @Option(help: ArgumentHelp("The device: vulkan, vulkan:1. (default: the best one)", valueName: "name"))
  var device: String?

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Where the two files go.", valueName: "folder"))
  var output = "."

  @Option(
    help: ArgumentHelp(
      "Seconds for all together; parts that do not fit are not run. (default: 240, on a device in software 900)",
      valueName: "seconds"))
  var timeLimit: Double?

  @Option(
    help: ArgumentHelp(
      "Only these parts, in this order, separated by commas; check=30 gives a part so many seconds at most.",
      valueName: "names"))
  var parts: String?

  @Option(
    help: ArgumentHelp(
      "The network's sizes on the device: v1.5 or embedded. (default: v1.5, on a device in software embedded)",
      valueName: "name"))
  var preset: Settings.Preset?

  @Option(help: ArgumentHelp("The same on the processor.", valueName: "name"))
  var processorPreset = Settings.Preset.published

  @Option(help: ArgumentHelp("The Python that may have PyTorch.", valueName: "path"))
  var python = "python3"

  @Option(help: ArgumentHelp("The program colorize. (default: beside this one, else in PATH)", valueName: "path"))
  var colorize: String?

  /// For tests: `PART=loss:N` or `PART=hang:N`, what happens to the device in a part.
  @Option(help: .hidden)
  var fault: String?

  func validate() throws {
    if let timeLimit, !(timeLimit >= 1 && timeLimit <= 1e5) {
      throw ValidationError("--time-limit is \(timeLimit), expected 1 to 100000 seconds")
    }
    _ = try chosenParts()
  }

  /// The parts that are asked for, in the order in which they run, with the seconds that were given to them.
  ///
  /// - Throws: `ValidationError` if a name is unknown or stands twice, or a limit is no number of seconds.
  func chosenParts() throws -> [(part: HardwareRun.Part, seconds: Double?)] {
    guard let parts else { return HardwareRun.Part.allCases.map { ($0, nil) } }
    var chosen: [(part: HardwareRun.Part, seconds: Double?)] = []
    for text in parts.split(separator: ",") {
      let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let part = HardwareRun.Part(rawValue: words[0]) else {
        throw ValidationError(
          "--parts: there is no \(words[0]), only "
            + HardwareRun.Part.allCases.map(\.rawValue).joined(separator: ", "))
      }
      guard !chosen.contains(where: { $0.part == part }) else {
        throw ValidationError("--parts: \(words[0]) stands there twice")
      }
      let seconds = words.count == 2 ? Double(words[1]) : nil
      guard words.count == 1 || seconds.map({ (1...1e5).contains($0) }) == true else {
        throw ValidationError("--parts: \(text), expected 1 to 100000 seconds after the sign")
      }
      chosen.append((part, seconds))
    }
    return chosen
  }

  func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    Interruption.shared.listen()
    let run = try HardwareRun(self)
    try run.run()
    if Interruption.shared.isRequested { throw ExitCode(Interruption.shared.exitCode) }
    if run.hasFailures { throw ExitCode(1) }
  }
}
