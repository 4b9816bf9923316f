// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import Foundation

/// What each part does.
extension HardwareRun {
  /// A line of `colorize devices --json`.
  private struct DeviceLine: Decodable {
    let device: String
    var facts: [String: String]?
    var kernels: [String]?
  }

  /// Why a part cannot run here, nil if it can.
  func obstacle(to part: Part) -> String? {
    let needsDevice =
      switch part {
      case .device, .pictures, .processorCheck, .processorF32, .processorBF16, .torchProcessor: false
      default: true
      }
    if needsDevice, report.backend.isEmpty { return "no usable Vulkan device" }
    switch part {
    case .processorBF16: return processorHasBF16 ? nil : "the processor has neither AVX512-BF16 nor AMX"
    case .otherTiers: return otherTiers.isEmpty ? "the device has no other tier" : nil
    default: return nil
    }
  }

  private var processorHasBF16: Bool { (report.device["processor bf16"] ?? "").contains(" ") == false }
  private var chosenTier: String { report.device["tier"]?.split(separator: ":").first.map(String.init) ?? "portable" }
  private var otherTiers: [String] {
    (report.device["kernels"] ?? "").split(separator: " ").map(String.init).filter {
      ["portable", "subgroup", "matrix"].contains($0) && $0 != chosenTier && !($0 == "matrix" && isSoftware)
    }
  }

  private var preset: Settings.Preset { command.preset ?? (isSoftware ? .embedded : .published) }

  /// Runs a part; what it finds goes into the report as it comes.
  func perform(_ part: Part, _ place: Int, deadline: ContinuousClock.Instant) throws {
    switch part {
    case .device: try describe(deadline)
    case .check: try check(part, place, report.backend, kernels: [chosenTier], deadline)
    case .otherTiers: try check(part, place, report.backend, kernels: otherTiers, deadline)
    case .processorCheck: try check(part, place, "cpu", kernels: [], deadline)
    case .pictures: try comparePictures(place, deadline)
    case .stepF16: try measure(part, place, "unet", "f16", ["--only=split", "--profile"], deadline)
    case .stepF32: try measure(part, place, "unet", "f32", ["--only=split", "--profile"], deadline)
    case .vaeF16: try measure(part, place, "parts", "f16", ["--profile"], deadline)
    case .vaeF32: try measure(part, place, "parts", "f32", [], deadline)
    case .jobF16: try measure(part, place, "job", "f16", jobOptions, deadline)
    case .jobF32: try measure(part, place, "job", "f32", jobOptions, deadline)
    case .torch: try compare(part, place, ["--compare-device=cuda", "--compare-dtype=f16"], deadline)
    case .torchCompiled:
      // Trying both layouts would compile both.
      try compare(
        part, place,
        ["--compare-device=cuda", "--compare-dtype=f16", "--compare-compiled", "--compare-layout=nhwc"], deadline)
    case .processorF32: try measureProcessor(part, place, "f32", ["--profile"], deadline)
    case .processorBF16: try measureProcessor(part, place, "bf16", ["--profile"], deadline)
    case .torchProcessor:
      try requirePyTorch(needsCard: false, deadline)
      try measureProcessor(part, place, "f32", ["--compare", "--python=\(command.python)"], deadline)
    case .operationsF16: try measureBesideTorch(part, place, "ops", "f16", [], deadline)
    case .training: try measureBesideTorch(part, place, "training", "f32", [], deadline)
    }
  }

  /// Compares on the card where PyTorch has it, and otherwise measures alone.
  private func measureBesideTorch(
    _ part: Part, _ place: Int, _ group: String, _ precision: String, _ options: [String],
    _ deadline: ContinuousClock.Instant
  ) throws {
    var options = options
    do {
      try requirePyTorch(needsCard: true, deadline)
      options += [
        "--compare", "--compare-device=cuda", "--compare-dtype=\(precision)", "--python=\(command.python)",
      ]
    } catch PartError.missing(let what) {
      report.parts[place].note = what
    }
    try measure(part, place, group, precision, options, deadline)
  }

  // MARK: The device

  private func describe(_ deadline: ContinuousClock.Instant) throws {
    let lines = try runColorize(["devices", "--json"], for: .device, deadline: deadline).split(separator: 0x0A)
      .compactMap { try? JSONDecoder().decode(DeviceLine.self, from: Data($0)) }
    let processor = lines.first { $0.device == "cpu" }
    let usable = lines.filter { $0.device.hasPrefix("vulkan:") && $0.facts?["unusable"] == nil }
    let order = ["discrete", "integrated", "virtual", "cpu"]
    func rank(_ line: DeviceLine) -> Int { order.firstIndex(of: line.facts?["kind"] ?? "") ?? order.count }
    let wanted = command.device.map { name in usable.filter { name == "vulkan" || $0.device == name } } ?? usable
    if let name = command.device, wanted.isEmpty {
      throw PartError.ended("there is no \(name), only \(usable.map(\.device).joined(separator: ", "))")
    }
    if let best = wanted.min(by: { rank($0) < rank($1) }) {
      report.backend = best.device
      report.device = best.facts ?? [:]
      report.device["kernels"] = best.kernels?.joined(separator: " ")
    }
    report.device["processor kernels"] = processor?.kernels?.joined(separator: " ")
    report.device["processor bf16"] = processor?.facts?["bf16"]
    report.presets = ["device": preset.rawValue, "processor": command.processorPreset.rawValue]
    if command.timeLimit == nil, isSoftware { report.timeLimit = 900 }
    nameReport(report.device["name"] ?? report.processor)
    if report.backend.isEmpty {
      throw PartError.ended("no usable Vulkan device; only the processor is reported")
    }
  }

  // MARK: Correctness

  private func check(
    _ part: Part, _ place: Int, _ device: String, kernels: [String], _ deadline: ContinuousClock.Instant
  ) throws {
    // What a picture is made of comes first, for a device on which time is too short for all.
    var done: [HardwareReport.Check] = []
    for operations in device == "cpu" ? [[]] : [Self.layers, Self.rest] {
      // It ends by itself shortly before it would be ended.
      let seconds = max(1, (deadline - .now) / .seconds(1) - 3)
      var arguments = ["devices", "--check", device, "--json", "--time-limit=\(seconds)"]
      arguments.append("--case-limit=\(isSoftware ? seconds : min(20, seconds))")
      if !kernels.isEmpty { arguments.append("--kernels=\(kernels.joined(separator: ","))") }
      if !operations.isEmpty { arguments.append("--operations=\(operations.joined(separator: ","))") }
      _ = try runColorize(arguments, for: part, deadline: deadline, allowing: [0, 1]) { data in
        let (checks, note) = CheckOutput.read(data)
        report.parts[place].checks = done.isEmpty ? checks : zip(done, checks).map { $0.joined(with: $1) }
        report.parts[place].note = note
        write()
      }
      done = report.parts[place].checks ?? []
      if done.isEmpty { throw PartError.ended(report.parts[place].note ?? "the check said nothing") }
    }
    let bad = done.filter { $0.verdict != "passed" }
    let words = bad.map { check in
      "\(check.kernels) \(check.verdict)" + (check.failed > 0 ? " (\(check.failedMembers))" : "")
        + (check.reason.map { ": \($0)" } ?? "")
    }.joined(separator: "; ")
    if bad.contains(where: { $0.verdict == "failed" }) { throw PartError.ended(words) }
    if !bad.isEmpty { throw PartError.incomplete(words) }
  }

  /// The members that take a picture's time, and all else that has cases.
  private static let layers = [
    "matmul", "linear", "gatedLinear", "convolution", "attention", "groupNorm", "layerNorm", "softmax",
  ]
  private static let rest = ConformanceSuite.operations.filter { !layers.contains($0) }

  private func comparePictures(_ place: Int, _ deadline: ContinuousClock.Instant) throws {
    struct Summary: Decodable {
      let seconds: Double
      let files: [String]
    }
    var backends = [("cpu f32", "cpu", "f32")]
    if !report.backend.isEmpty {
      backends += [("device f32", report.backend, "f32"), ("device f16", report.backend, "f16")]
    }
    if processorHasBF16 { backends.append(("cpu bf16", "cpu", "bf16")) }
    var reference: [UInt8]?
    for (name, backend, precision) in backends {
      let target = folder.appendingPathComponent("demo").path
      let output = try runColorize(
        [
          "demo", "--output", target, "--overwrite", "--backend", backend, "--precision", precision, "--json",
          "--quiet",
        ], for: .pictures, deadline: deadline)
      let summary = try JSONDecoder().decode(Summary.self, from: output)
      // What the network painted: a palette that is made of it may turn on the last digit.
      let painted = try summary.files.sorted().flatMap { try Image.load($0).pixels }
      let row =
        try reference.map { try HardwareReport.Picture(name, seconds: summary.seconds, painted, beside: $0) }
        ?? HardwareReport.Picture(name: name, seconds: brief(summary.seconds))
      reference = reference ?? painted
      report.parts[place].pictures = (report.parts[place].pictures ?? []) + [row]
      write()
    }
    let wrong = (report.parts[place].pictures ?? []).filter(\.isWrong)
    if !wrong.isEmpty {
      throw PartError.ended("another picture than the processor's: \(wrong.map(\.name).joined(separator: ", "))")
    }
  }

  // MARK: Times

  /// Whether the device is a program: then all takes longer, and the network is the small one.
  var isSoftware: Bool { report.device["kind"] == "cpu" }

  private var jobOptions: [String] { ["--weights-in-memory", "--steps=\(isSoftware ? 4 : 20)"] }

  /// Of training, the large network's takes minutes.
  private func preset(of part: Part) -> Settings.Preset { part == .training ? .embedded : preset }

  private func measure(
    _ part: Part, _ place: Int, _ group: String, _ precision: String, _ options: [String],
    _ deadline: ContinuousClock.Instant
  ) throws {
    let arguments = [
      "--groups", group, "--backend=\(report.backend)", "--precision=\(precision)",
      "--preset=\(preset(of: part).rawValue)",
      "--runs=\(group == "job" ? 1 : 3)",
    ]
    try runGroup(arguments + options, for: part, deadline: deadline) { take($0, place, "device \(precision)") }
  }

  private func measureProcessor(
    _ part: Part, _ place: Int, _ precision: String, _ options: [String], _ deadline: ContinuousClock.Instant
  ) throws {
    let arguments = [
      "--groups", "unet", "--backend=cpu", "--precision=\(precision)", "--preset=\(command.processorPreset.rawValue)",
      "--runs=2", "--only=split",
    ]
    try runGroup(arguments + options, for: part, deadline: deadline) { take($0, place, "cpu \(precision)") }
  }

  private func take(_ group: GroupReport, _ place: Int, _ backend: String) {
    report.parts[place].take(group)
    let copies = group.limits.copyRates.map { "\(Console.number($0.gigabytesPerSecond, 1)) GB/s" }
    report.limits[backend] =
      "\(Console.number(group.limits.gigaflopPerSecond, 0)) GFLOP/s in a product of \(group.limits.side)^3; copies of "
      + "\(group.limits.copyRates.map { "\($0.bytes >> 20)" }.joined(separator: ", ")) MiB at "
      + copies.joined(separator: ", ")
    write()
  }

  private func compare(
    _ part: Part, _ place: Int, _ options: [String], _ deadline: ContinuousClock.Instant
  ) throws {
    try requirePyTorch(needsCard: true, deadline)
    try measure(
      part, place, "unet", "f16", ["--only=split", "--compare", "--python=\(command.python)"] + options, deadline)
  }

  /// Asks the interpreter whether it has PyTorch, before minutes of work.
  private func requirePyTorch(needsCard: Bool, _ deadline: ContinuousClock.Instant) throws {
    let question =
      "import torch, sys; sys.exit(0 if torch.cuda.is_available() or \(needsCard ? "False" : "True") else 3)"
    let nothing = folder.appendingPathComponent("output")
    let ending = try PartProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"), [command.python, "-c", question], output: nothing,
      errors: folder.appendingPathComponent("errors"), environment: [:], deadline: deadline
    ) {}
    switch ending {
    case .exit(0): return
    case .cutOff: throw PartError.cutOff
    case .exit(3): throw PartError.missing("PyTorch sees no card")
    default: throw PartError.missing("\(command.python) has no PyTorch")
    }
  }
}
