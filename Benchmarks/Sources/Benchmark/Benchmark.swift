// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DiffusionCore
import DiffusionVulkan
import Foundation

/// `swift run -c release --package-path Benchmarks Benchmark`: times the network, or makes a report on a machine.
@main
struct Benchmark: AsyncParsableCommand {
  // Options of a command that has others below it would be taken away from those of the same name.
  static let configuration = CommandConfiguration(
    abstract: "Times the network, or checks and times a machine.",
    subcommands: [MeasureCommand.self, HardwareReportCommand.self, LossCurveCommand.self],
    defaultSubcommand: MeasureCommand.self)
}

/// What runs where no other command is named: groups of measurements.
struct MeasureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Times the operations, the parts and a whole job of the network, beside what the machine can do at best.",
    discussion: """
      ops      each operation at the shapes of the network
      unet     one step of the U-Net: batch 1, batch 2 (guided), batch 2 with split cross-attention
      parts    image encoder, sketch encoder, recovery transformer, VAE encode and decode
      scaling  a step and the VAE's decoding by size and batch, from half to three times the size given
      job      a whole picture through the Colorize API, by stage: full mode with guidance, batch 2 split
      training  steps of training: all of the built-in network, and branches beside the network of the preset
      quality  how good a model's pictures are: pairs with known truth, in all modes, beside what needs no network

      Every figure is a median. `floor` is the least time that the arithmetic takes at the rate of a large matrix \
      product, or the memory traffic at the rate of a copy, whichever is longer, both measured in the same run; \
      `of floor` is how much of that is reached. Each group runs in a process of its own, so that peaks of memory do \
      not mix.
      """)

  @Option(
    parsing: .upToNextOption,
    help:
      "Which groups to run: ops, unet, parts, scaling, job, training, quality, masks. (default: ops, unet, parts; others take long)"
  )
  var groups: [GroupName] = []

  @OptionGroup var settings: Settings
  @OptionGroup(title: "Quality") var quality: QualitySettings

  @Option(help: ArgumentHelp("Write a report in JSON there; - for standard output, with the table on standard error."))
  var json: String?

  /// Set for the process of one group: where its report goes.
  @Option(help: .hidden)
  var groupReport: String?

  func validate() throws {
    if let json {
      guard !json.isEmpty else { throw ValidationError("--json wants a path, or -") }
      let folder = URL(fileURLWithPath: json).deletingLastPathComponent().path
      guard json == "-" || FileManager.default.isWritableFile(atPath: folder) else {
        throw ValidationError("--json \(json): the folder \(folder) does not exist or cannot be written to")
      }
    }
    guard groupReport == nil || groups.count == 1 else { throw ValidationError("--group-report wants one group") }
    if groups.contains(.job), let model = settings.model, !model.hasSuffix(".safetensors") {
      throw ValidationError("--model \(model): expected a name that ends in .safetensors")
    }
  }

  func run() async throws {
    // A peer or a group that ends early must be an error with words, not the end of this process.
    signal(SIGPIPE, SIG_IGN)
    VulkanBackend.register()
    if let groupReport {
      let watch = GroupProcess.endWithParent()
      defer { watch.cancel() }
      let file = URL(fileURLWithPath: groupReport)
      let report = try await groups[0].run(settings, reportFile: file)
      try report.json().write(to: file, options: .atomic)
      return
    }
    let console = Console(handle: json == "-" ? .standardError : .standardOutput)
    let machine = try Machine(backend: settings.makeBackend())
    console.say(machine.description)
    if settings.compare {
      // Found out before minutes of work: an interpreter without PyTorch.
      let peer = try Peer(settings: settings, threads: machine.threads)
      console.say(peer.description)
      peer.close()
    }
    let chosen = groups.isEmpty ? [.ops, .unet, .parts] : GroupName.allCases.filter(groups.contains)
    var reports: [GroupReport] = []
    for group in chosen where group != .quality && group != .masks {
      for preset in group.presets(settings) {
        var settings = settings
        if settings.size == nil { settings.size = settings.pixels(of: preset) }
        settings.preset = preset
        reports.append(try GroupProcess.run(group, settings, output: console.handle))
      }
    }
    let judged =
      chosen.contains(.quality)
      ? try await QualityRun(settings: settings, quality: quality, console: console)() : nil
    let masks = chosen.contains(.masks) ? try MaskRun(quality: quality, console: console)() : nil
    guard let json else { return }
    let report = try Report(machine: machine, settings: settings, groups: reports, quality: judged, masks: masks).json()
    if json == "-" {
      FileHandle.standardOutput.write(report + Data("\n".utf8))
    } else {
      try report.write(to: URL(fileURLWithPath: json), options: .atomic)
    }
  }
}

extension GroupName: ExpressibleByArgument {}
