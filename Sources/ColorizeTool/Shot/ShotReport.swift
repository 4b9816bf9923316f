// SPDX-License-Identifier: Apache-2.0

import Colorize
import Shots

/// The JSON line of a frame.
struct FrameLine: Encodable {
  let frame: String
  let status: String
  let outputs: [String]
  let seconds: Double?
  let reason: String?
  let notes: [String]?
  /// How many frames have been told, this one among them, and of how many.
  let done: Int
  let of: Int

  init(_ outcome: ShotOutcome, done: Int, of count: Int) {
    self.done = done
    of = count
    frame = outcome.frame.label
    var reason: String?
    switch outcome.status {
    case .finished: status = "finished"
    case .unchanged: status = "unchanged"
    case .finishedElsewhere: status = "finished elsewhere"
    case .retouched: status = "retouched"
    case .approved: status = "approved"
    case .failed(let why):
      status = "failed"
      reason = why
    }
    self.reason = reason
    outputs = outcome.files
    seconds = outcome.status == .finished ? outcome.seconds : nil
    notes = outcome.notes.isEmpty ? nil : outcome.notes
  }
}

/// The last JSON line: all frames together.
struct ShotSummary: Encodable {
  var version = Tool.version
  var manifest: String
  var frames = 0
  var finished = 0
  var unchanged = 0
  var finishedElsewhere = 0
  var approved = 0
  var retouched: [String] = []
  var failed: [String] = []
  /// How many frames were written again to agree on colours.
  var recolored: Int?
  var seconds = 0.0
  var peakMemoryBytes = 0
  /// What was noted of the shot as a whole, as on standard error; those of a frame are in its line.
  var notes: [String] = []

  /// How many frames there are to tell of.
  var total: Int

  init(manifest: String, total: Int) {
    self.manifest = manifest
    self.total = total
  }

  mutating func count(_ outcome: ShotOutcome) {
    frames += 1
    switch outcome.status {
    case .finished: finished += 1
    case .unchanged: unchanged += 1
    case .finishedElsewhere: finishedElsewhere += 1
    case .retouched: retouched.append(outcome.frame.label)
    case .approved: approved += 1
    case .failed: failed.append(outcome.frame.label)
    }
  }

  /// A line for people.
  var text: String {
    var parts = ["\(finished) frames coloured"]
    if unchanged > 0 { parts.append("\(unchanged) were finished before") }
    if finishedElsewhere > 0 { parts.append("\(finishedElsewhere) by another process meanwhile") }
    if approved > 0 { parts.append("\(approved) are approved") }
    if !retouched.isEmpty { parts.append("\(retouched.count) were changed by hand and left alone") }
    if !failed.isEmpty { parts.append("\(failed.count) FAILED (\(Self.list(failed)))") }
    return parts.joined(separator: ", ")
  }

  /// The first few of many.
  static func list(_ labels: [String]) -> String {
    labels.prefix(8).joined(separator: ", ") + (labels.count > 8 ? " and \(labels.count - 8) more" : "")
  }
}
