// SPDX-License-Identifier: Apache-2.0

import ColorizeTraining
import DiffusionCore

extension TrainingRecord {
  /// What a file was trained on and how, in lines for people.
  var lines: [String] {
    var lines = [
      "trained on: model \(model) (fingerprint \(modelFingerprint)), \(pictures == 1 ? "1 picture" : "\(pictures) pictures") of \(data)"
        + (heldOut > 0 ? ", \(heldOut) held out" : ""),
      "trained: \(parts.map(\.rawValue).joined(separator: ", "))",
      "how: \(steps) steps of \(batch) at \(resolution) x \(resolution), rate \(rate), seed \(seed), by \(software)",
    ]
    var results: [String] = []
    if let loss { results.append("loss \(Format.decimal(loss, 4))") }
    if let validation, let first = validation.first, let last = validation.last {
      results.append("on pictures held out \(Format.decimal(first, 4)) before and \(Format.decimal(last, 4)) after")
    }
    if !results.isEmpty { lines.append("came out: \(results.joined(separator: ", "))") }
    return lines
  }
}
