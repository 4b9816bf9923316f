// SPDX-License-Identifier: Apache-2.0

import ColorizeTraining
import DiffusionTraining

/// Shows on standard error how a training goes: a line that is redrawn on a terminal, else one every few seconds.
final class TrainProgress {
  /// When the training is over.
  var length = TrainingPlan.Length.steps(0)
  private let isQuiet: Bool
  private let start = ContinuousClock.now
  private var lastLine = ContinuousClock.now
  private var lossMean: Double?
  private var heldOutLoss: Double?
  /// When the first step of this run was done, and how far the whole was then.
  private var firstStep: (time: ContinuousClock.Instant, share: Double)?

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Seconds since it was made.
  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// Says what begins.
  func begin(_ stage: String) {
    guard !isQuiet else { return }
    if Console.shared.isInteractive {
      Console.shared.redraw(stage)
    } else {
      Console.shared.message("colorize: \(stage)")
    }
    lastLine = .now
  }

  /// Says how many of something are done.
  func count(_ done: Int, of total: Int, _ unit: String) {
    show("\(unit) \(done + 1) of \(total)")
  }

  /// What a training reports.
  func observe(_ event: TrainingEvent) {
    switch event {
    case .note: break
    case .resumed(let step): say("goes on after step \(step)")
    case .began(let parameters, let pictures, let heldOut, let bytes):
      let memory = bytes.map { ", a step takes about \(Format.bytes($0))" } ?? ""
      say("\(Format.count(parameters)) numbers learn on \(pictures) pictures, \(heldOut) held out\(memory)")
    case .step(let report, let share): step(report, share)
    case .validated(let step, let loss):
      heldOutLoss = loss
      say("after step \(step): loss on pictures held out \(Format.decimal(loss, 5))")
    case .sheet(let path): say("wrote \(path)")
    case .saved: break
    }
  }

  private func step(_ report: StepReport, _ share: Double) {
    lossMean = lossMean.map { $0 + 0.1 * (report.loss - $0) } ?? report.loss
    let first = firstStep ?? (.now, share)
    firstStep = first
    var line = "step \(report.step + 1)"
    if case .steps(let total) = length { line += " of \(total)" }
    line += ", loss \(Format.decimal(lossMean ?? report.loss, 5))"
    if let heldOutLoss { line += ", held out \(Format.decimal(heldOutLoss, 5))" }
    line += ", \(Progress.time(elapsed))"
    let spent = (ContinuousClock.now - first.time) / .seconds(1)
    if share > first.share, share < 1 {
      line += ", \(Progress.time(spent / (share - first.share) * (1 - share))) left"
    }
    line += ", \(Format.bytes(ProcessUsage.residentMemory))"
    show(line)
  }

  private func show(_ line: String) {
    guard !isQuiet else { return }
    if Console.shared.isInteractive { return Console.shared.redraw(line) }
    guard (ContinuousClock.now - lastLine) / .seconds(1) >= 3 else { return }
    lastLine = .now
    Console.shared.message("colorize: \(line)")
  }

  private func say(_ line: String) {
    guard !isQuiet else { return }
    if Console.shared.isInteractive { Console.shared.clear() }
    Console.shared.message("colorize: \(line)")
  }

  /// Removes the line.
  func finish() { if !isQuiet { Console.shared.clear() } }
}
