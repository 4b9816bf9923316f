// SPDX-License-Identifier: Apache-2.0

import Colorize
import Dispatch
import Synchronization

/// Shows on standard error how far a run is: a bar that is redrawn on a terminal, and otherwise a plain line at the
/// start of each stage and at most every few seconds, so that a log stays readable.
final class Progress: Sendable {
  private struct State {
    var stage = ""
    var steps: (completed: Int, total: Int)?
    var unit = "step"
    /// What happens within the step.
    var detail = ""
    var stageStart = ContinuousClock.now
    var lastLine = ContinuousClock.now
    var isFinished = false
  }

  /// Seconds between two plain lines.
  private static let interval = 3.0

  private let isQuiet: Bool
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  // Dispatch sources may be used from any thread; their protocol does not say so.
  nonisolated(unsafe) private let timer: (any DispatchSourceTimer)?

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    guard !isQuiet && Console.shared.isInteractive else {
      timer = nil
      return
    }
    // The clock runs on during a long step, which shows that the program is alive.
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "irodori.progress"))
    self.timer = timer
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler { [weak self] in self?.redraw() }
    timer.resume()
  }

  deinit { timer?.cancel() }

  /// Seconds since the progress was made.
  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// What a colorizer reports.
  func observe(_ event: ColorizeEvent) {
    switch event {
    case .stage(let stage): begin(stage.description)
    case .step(let completed, let total): step(completed, of: total)
    case .tile(let completed, let total): step(completed, of: total, unit: "tile")
    case .note, .preview, .picture, .finished: break
    }
  }

  /// What a colorizer reports of one frame of several.
  func observe(_ event: ColorizeEvent, of frame: String) {
    switch event {
    case .stage(let stage): detail("\(frame): \(stage.rawValue)")
    case .step(let completed, let total): detail("\(frame): step \(completed) of \(total)")
    case .tile(let completed, let total): detail("\(frame): tile \(completed) of \(total)")
    case .note, .preview, .picture, .finished: break
    }
  }

  /// Something happens within a step.
  private func detail(_ text: String) {
    let steps = state.withLock { state in
      state.detail = text
      return state.steps
    }
    if let (completed, total) = steps { step(completed, of: total, unit: state.withLock { $0.unit }) }
  }

  /// A stage begins.
  func begin(_ stage: String) {
    state.withLock {
      $0.stage = stage
      $0.steps = nil
      $0.detail = ""
      $0.stageStart = .now
      $0.lastLine = .now
    }
    guard !isQuiet else { return }
    if Console.shared.isInteractive { redraw() } else { Console.shared.message("colorize: \(stage)") }
  }

  /// A share of the stage is done, 0...1.
  func share(_ share: Double) { step(Int(share * 100), of: 100, unit: "%") }

  /// Steps of the stage are done.
  func step(_ completed: Int, of total: Int, unit: String = "step") {
    let isDue = state.withLock { state in
      state.unit = unit
      state.steps = (completed, total)
      let isDue = (ContinuousClock.now - state.lastLine) / .seconds(1) >= Self.interval
      if isDue { state.lastLine = .now }
      return isDue
    }
    guard !isQuiet else { return }
    if Console.shared.isInteractive {
      redraw()
    } else if isDue {
      Console.shared.message("colorize: " + state.withLock { Self.line($0, elapsed: elapsed, barWidth: nil) })
    }
  }

  /// Removes the bar.
  func finish() {
    timer?.cancel()
    state.withLock { $0.isFinished = true }
    Console.shared.clear()
  }

  private func redraw() {
    state.withLock { state in
      // A last tick of the timer may still be on its way.
      guard !state.isFinished, !state.stage.isEmpty else { return }
      Console.shared.redraw(Self.line(state, elapsed: elapsed, barWidth: 24))
    }
  }

  private static func line(_ state: State, elapsed: Double, barWidth: Int?) -> String {
    guard let (completed, total) = state.steps, total > 0 else { return "\(state.stage), \(time(elapsed))" }
    let amount = state.unit == "%" ? "\(completed) %" : "\(state.unit) \(completed) of \(total)"
    var line = "\(state.stage), \(amount)\(state.detail.isEmpty ? "" : " (\(state.detail))")"
    if let barWidth {
      let filled = barWidth * completed / total
      line += " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: barWidth - filled) + "]"
    }
    line += ", \(time(elapsed))"
    if completed > 0 && completed < total {
      let spent = (ContinuousClock.now - state.stageStart) / .seconds(1)
      line += ", \(time(spent / Double(completed) * Double(total - completed))) left"
    }
    return line
  }

  /// Seconds as `0:07` or `1:02:03`.
  static func time(_ seconds: Double) -> String {
    let total = Int(min(max(seconds, 0), 1e9).rounded())
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
  }
}
