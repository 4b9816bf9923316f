// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Synchronization

/// Measures where the time of a picture goes, operation by operation.
struct ProfileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Measure how long each kind of operation takes, per stage and denoising step.",
    discussion: """
      Colours the built-in drawing. Where the device has a clock, the times are what the device needs for each \
      operation; elsewhere every operation is waited for, which takes longer than colouring without measuring. Which \
      it is stands in the report, with the least that any operation takes. The first step is left out of the mean of the \
      others, since shaders are compiled and memory is made in it; stages that run once have that in their figures.
      """)

  @Option(
    help: ArgumentHelp(
      "The longer side in pixels. (default: the model's size)", valueName: "pixels"))
  var size: Int?

  @Option(help: ArgumentHelp("Sampling steps, 2 to 1000.", valueName: "n"))
  var steps = 3

  @Flag(help: "Inject the reference, as `run --inject` does.")
  var inject = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var backendOptions: BackendOptions
  @OptionGroup var report: ReportOptions

  /// Where the observer notes what has passed.
  private struct Timeline {
    var section = ProfileSection.loading
    var start = ContinuousClock.now
    /// Seconds of each section that has ended.
    var seconds: [ProfileSection: Double] = [:]

    /// Ends the current section and begins another.
    mutating func begin(_ next: ProfileSection) {
      let now = ContinuousClock.now
      seconds[section, default: 0] += (now - start) / .seconds(1)
      (section, start) = (next, now)
    }
  }

  func run() async throws {
    try report.check()
    guard (2...1000).contains(steps) else {
      throw ToolError.usage("--steps is \(steps), expected 2 to 1000")
    }
    let base = try backendOptions.makeBackend()
    let model = try modelOptions.open(note: report.note)
    if let line = IdleNotes.line(modelOptions.checkpoint.textFlags, "no text is read here") { report.note(line) }
    let backend = ProfilingBackend(base)
    let least = try Self.leastSeconds(on: backend)
    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let timeline = Mutex(Timeline())
    let begin = { @Sendable (section: ProfileSection) in
      // What the device has not done yet belongs to the section that ends. A failure is told by the next call.
      try? backend.finish()
      backend.begin(section.identifier)
      timeline.withLock { $0.begin(section) }
    }
    begin(.loading)
    let job = ColorizeJob(model: model, backend: backend, report: report, progress: progress)
    let colorizer = try await job.makeColorizer()
    let request = try makeRequest(for: colorizer)
    let result = try await colorizer.colorize(request) { event in
      progress.observe(event)
      switch event {
      case .stage(.sampling): begin(.firstStep)
      case .stage(let stage): begin(.stage(stage))
      case .step(let completed, let total): begin(completed < total ? .laterStep : .samplingEnd)
      default: break
      }
    }
    begin(.samplingEnd)
    progress.finish()
    let seconds = timeline.withLock { $0.seconds }
    let records = Dictionary(grouping: try backend.takeRecords(), by: \.section)
    let sections = ProfileSection.reported.compactMap { section in
      seconds[section].map {
        ProfileReport.Section(
          section, runs: section == .laterStep ? steps - 1 : 1, seconds: $0, records: records[section.identifier] ?? [])
      }
    }
    let profile = ProfileReport(
      model: model.name, backend: base.name, mode: result.summary.mode.rawValue,
      width: result.summary.width,
      height: result.summary.height, steps: steps, clock: backend.clock, leastMilliseconds: least * 1e3,
      sections: sections)
    if report.json { return Console.shared.output(try JSONOutput.line(profile)) }
    Console.shared.output(
      "\(profile.model) on \(profile.backend), \(profile.width) x \(profile.height), mode \(profile.mode)"
    )
    Console.shared.output(
      (backend.clock == .device
        ? "times on the device, by its own clock; an operation takes at least "
        : "every operation is waited for, which takes at least ") + "\(Format.decimal(least * 1e3, 3)) ms")
    for section in sections {
      Console.shared.output("")
      for line in section.lines { Console.shared.output(line) }
    }
  }

  /// The median time of an operation that has next to nothing to do.
  private static func leastSeconds(on backend: ProfilingBackend) throws -> Double {
    let tensor = try Tensor(uninitialized: [1], on: backend)
    for _ in 0..<21 { try backend.fill(tensor.operand, with: 0) }
    let times = try backend.takeRecords().map(\.seconds).sorted()
    return times[times.count / 2]
  }

  private func makeRequest(for colorizer: Colorizer) throws -> ColorizeRequest {
    var request = colorizer.request(
      sketch: try Sample.sketch(), reference: .image(try Sample.reference()))
    if colorizer.supports(.full) {
      request.mode = .full
      request.sketchMask = try Sample.sketchMask()
      request.referenceMask = try Sample.referenceMask()
    }
    // Only what a backend computes is looked at.
    (request.fill, request.lines) = (.painting, .network)
    request.size = size ?? colorizer.model.configuration.imageSize
    request.steps = steps
    if inject { request.injection = AttentionInjection() }
    // One evaluation of the network a step, so that steps are alike.
    request.sampler = .dpmpp2M
    try request.validate()
    return request
  }
}
