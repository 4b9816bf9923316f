// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BackendConformance
import DiffusionCore
import DiffusionVulkan

/// Lists where the network can compute, and checks that it computes right there.
struct DevicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List backends and devices, as --backend takes them; or check one.",
    discussion: """
      With the name of a device, tells what is known of it. With --check, runs every operation on it in many shapes, \
      types and layouts against exact arithmetic, with each set of kernels that it has: on a Vulkan device the tiers \
      portable, subgroup and matrix, on the processor its instruction sets. A line for each operation tells the cases, \
      the worst error as a part of what is allowed, and the time; the exit status is 0 if all passed, and 1 otherwise. \
      With --json every line is an object: one for each operation and set, one for each set, and at last one verdict.

      Two more sets can be named with --kernels: card, what a graphics card without matrix units gets, on a device in \
      software; and imitated, the kernels for matrix units with the units imitated. If matrix fails and imitated does \
      not, the units or their driver are at fault.
      """)

  @Argument(help: ArgumentHelp("The device, as --backend takes it: vulkan, vulkan:0, cpu:4.", valueName: "device"))
  var device: String?

  @Flag(help: "Check the device; without a name the best Vulkan device.")
  var check = false

  @Flag(help: "Also the cases with many elements, which take minutes.")
  var large = false

  @Option(help: ArgumentHelp("Only these operations, separated by commas.", valueName: "names"))
  var operations: String?

  @Option(help: ArgumentHelp("Only these sets of kernels, separated by commas.", valueName: "names"))
  var kernels: String?

  @Option(help: ArgumentHelp("Stop the check after so many seconds.", valueName: "seconds"))
  var timeLimit: Double?

  @Option(
    help: ArgumentHelp("Seconds after which one case counts as a device that hangs.", valueName: "seconds"))
  var caseLimit = 120.0

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  func run() async throws {
    if check { return try runCheck() }
    for (option, isGiven) in [
      ("--large", large), ("--operations", operations != nil), ("--kernels", kernels != nil),
      ("--time-limit", timeLimit != nil), ("--case-limit", caseLimit != 120),
    ] where isGiven {
      throw ToolError.usage("\(option) says how to check; add --check")
    }
    guard let device else { return try list() }
    try describe(CheckedDevice(device))
  }

  // MARK: Checking

  private func runCheck() throws {
    let checked = try CheckedDevice(device)
    let all = try KernelSet.all(of: checked)
    let chosen = try Self.names(kernels, among: all.map(\.name), "--kernels")
    let standard = KernelSet.standard(of: checked, among: all)
    let asked = try Self.names(operations, among: ConformanceSuite.operations, "--operations")
    let sets = all.filter { (chosen ?? Set(standard)).contains($0.name) && $0.operations(of: asked)?.isEmpty != true }
    if sets.isEmpty {
      throw ToolError.usage("--operations: \(kernels ?? "") has none of them of its own, only products and attention")
    }
    var limits = DeviceCheck.Limits()
    for (option, seconds) in [("--time-limit", timeLimit), ("--case-limit", caseLimit)] {
      if let seconds, !(seconds > 0 && seconds <= 1e6) {
        throw ToolError.usage("\(option) is \(seconds), expected more than 0 and at most 1000000 seconds")
      }
    }
    (limits.total, limits.perCase) = (timeLimit, caseLimit)
    var options = ConformanceOptions()
    options.operations = asked
    options.includesLargeCases = large

    let description = DeviceRecord(checked, kernels: sets.map(\.name))
    Console.shared.output(json ? try JSONOutput.line(description) : description.line)
    let progress = Progress(isQuiet: false)
    defer { progress.finish() }
    let check = DeviceCheck(device: checked.name, limits: limits, asJSON: json, progress: progress)
    let verdict = try check.run(sets, options: options)
    if verdict.verdict != .passed { throw ExitCode(ExitStatus.failure.rawValue) }
  }

  private static func names(_ list: String?, among known: [String], _ option: String) throws -> Set<String>? {
    guard let list else { return nil }
    let names = list.split(separator: ",").map(String.init)
    if let unknown = names.first(where: { !known.contains($0) }) {
      throw ToolError.usage("\(option): there is no \(unknown), only \(known.joined(separator: ", "))")
    }
    if names.isEmpty { throw ToolError.usage("\(option) names nothing; it takes \(known.joined(separator: ", "))") }
    return Set(names)
  }

  // MARK: Listing

  private func describe(_ device: CheckedDevice) throws {
    let record = DeviceRecord(device, kernels: try KernelSet.all(of: device).map(\.name))
    if json { return Console.shared.output(try JSONOutput.line(record)) }
    Console.shared.output(record.device)
    for (name, value) in device.facts { Console.shared.output("  \(name.padded(to: 24))\(value)") }
  }

  private func list() throws {
    for family in BackendRegistry.shared.families {
      let devices = family == "vulkan" ? (try? VulkanDevice.all) ?? [] : []
      if json, family == "cpu" || !devices.isEmpty {
        let found = family == "cpu" ? [CheckedDevice.processor(threads: nil)] : devices.map(CheckedDevice.vulkan)
        for device in found {
          let sets = device.isUsable ? try KernelSet.all(of: device).map(\.name) : []
          Console.shared.output(try JSONOutput.line(DeviceRecord(device, kernels: sets)))
        }
        continue
      }
      if !devices.isEmpty {
        for device in devices { Console.shared.output("vulkan:\(device)") }
        continue
      }
      do {
        let backend = try BackendRegistry.shared.makeBackend(family)
        guard let cpu = backend as? CPUBackend else {
          Console.shared.output("\(family): \(backend.name)")
          continue
        }
        Console.shared.output(
          "\(family): \(cpu.instructionSet) kernels, \(cpu.threadCount) threads, "
            + "\(Format.bytes(ProcessUsage.physicalMemory)) memory")
      } catch {
        // A device that is not there is what the list is to tell, no failure of the list.
        let reason = ToolError(error).message
        Console.shared.output(
          json ? try JSONOutput.line(["device": family, "error": reason]) : "\(family): not available (\(reason))")
      }
    }
  }
}

/// What is known of a device, for `--json`.
struct DeviceRecord: Encodable {
  let device: String
  let facts: [String: String]
  let kernels: [String]

  init(_ device: CheckedDevice, kernels: [String]) {
    self.device = device.name
    self.kernels = kernels
    facts = Dictionary(device.facts.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// For people.
  var line: String {
    let driver = facts["driver"].map { ", \($0)" } ?? ""
    return "\(device): \(facts["name"] ?? "")\(driver); kernels \(kernels.joined(separator: ", "))"
  }
}

extension CheckedDevice {
  /// Whether it can be opened.
  fileprivate var isUsable: Bool {
    if case .vulkan(let device) = self { return device.obstacle == nil }
    return true
  }
}
