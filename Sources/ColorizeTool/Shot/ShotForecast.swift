// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Shots

/// What `--dry-run` says: the plan, the memory, and how long it will take.
struct ShotForecast {
  let shot: Shot
  let plan: ShotPlan
  let job: ColorizeJob

  private struct Line: Encodable {
    let frame: String
    let state: String
    let sketch: String
    let output: String
    let reason: String?
  }

  private struct Total: Encodable {
    let frames: Int
    let toDo: Int
    let memoryBytes: Int?
    let secondsPerFrame: Double?
    let seconds: Double?
    /// Where the seconds come from: `manifest` or `trial`.
    let source: String?
  }

  func print() async throws {
    for entry in plan.entries { try tell(entry) }
    var memory: Int?
    var time: (seconds: Double, source: String)?
    if let frame = plan.entries.first(where: { $0.state.isToDo })?.frame {
      let request = try shot.trialRequest(for: frame)
      memory = try job.model.memoryEstimate(for: request, backend: job.backend, memory: job.memory).peakBytes
      time = try shot.recordedSeconds(like: frame, model: plan.model).map { ($0, "manifest") }
      if time == nil { time = (try await trial(request), "trial") }
    }
    job.progress.finish()
    let total = time.map { $0.seconds * Double(plan.toDoCount) }
    if job.report.json {
      return Console.shared.output(
        try JSONOutput.line(
          Total(
            frames: plan.entries.count, toDo: plan.toDoCount, memoryBytes: memory, secondsPerFrame: time?.seconds,
            seconds: total, source: time?.source)))
    }
    Console.shared.output("\(plan.entries.count) frames, \(plan.toDoCount) to do")
    if let memory { Console.shared.output("memory: about \(Format.bytes(memory))") }
    if let time, let total {
      let source = time.source == "manifest" ? "as frames before" : "by a trial of the first frame"
      Console.shared.output(
        "time: about \(Progress.time(total)), \(Format.decimal(time.seconds, 1)) s a frame (\(source)), and loading the model"
      )
    }
  }

  private func tell(_ entry: ShotPlan.Entry) throws {
    let (state, reason) = Self.words(entry.state)
    if job.report.json {
      return Console.shared.output(
        try JSONOutput.line(
          Line(
            frame: entry.frame.label, state: state, sketch: entry.frame.sketch, output: entry.frame.output,
            reason: reason)))
    }
    guard !job.report.quiet else { return }
    Console.shared.output(
      "\(entry.frame.label)  \(entry.frame.sketch) -> \(entry.frame.output)  \(state)\(reason.map { ": \($0)" } ?? "")")
  }

  private static func words(_ state: ShotPlan.State) -> (String, String?) {
    switch state {
    case .new: ("new", nil)
    case .changed: ("changed", nil)
    case .finished: ("finished", nil)
    case .retouched: ("retouched", nil)
    case .approved: ("approved", nil)
    case .occupied(let file): ("occupied", "\(file) was not made by this shot; --overwrite replaces it")
    case .faulty(let reason): ("faulty", reason)
    }
  }

  /// Seconds for a frame, from a run of the first one with few steps.
  private func trial(_ request: ColorizeRequest) async throws -> Double {
    let colorizer = try await job.makeColorizer()
    var request = request
    let steps = request.steps
    request.steps = max(min(steps, 2), request.sampler.stepRange.lowerBound)
    let result = try await job.run(request, on: colorizer, preview: nil)
    let seconds = result.summary.seconds
    let sampling = seconds[ColorizeEvent.Stage.sampling.rawValue] ?? 0
    // The reference is encoded once for all frames.
    let encoding = seconds[ColorizeEvent.Stage.encodingReference.rawValue] ?? 0
    let others = seconds.values.reduce(0, +) - sampling - encoding
    return others + sampling * Double(steps) / Double(max(request.steps, 1))
  }
}
