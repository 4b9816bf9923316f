// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The one JSON object of `--json`.
struct RunReport: Encodable {
  /// The tool's version.
  var version = Tool.version
  /// The pictures' paths.
  let outputs: [String]
  /// The last preview's path, if one was written.
  let preview: String?
  /// The files that the pictures were made from, where a command finds them itself.
  var inputs: [String]?
  /// Flats, region maps and layers.
  var files: [String]?
  /// What the flats of each picture are made of.
  var flats: [FlatsReport]?
  /// What networks found in the pictures before.
  var networks: [RunNetworks.Record]?
  /// All that was noted, as on standard error; the summary has the names of what was found odd in the request.
  let notes = Console.shared.notes
  /// How the pictures were made.
  let summary: ColorizeResult.Summary
  /// What the first picture's text chunk holds.
  let options: StoredOptions
  /// Seconds in all, from the start to the last file.
  let seconds: Double
  /// What the job was thought to take before it started, in bytes.
  var estimatedMemoryBytes: Int?
  /// The most memory that was resident, in bytes.
  let peakMemoryBytes: Int
}

extension ReportOptions {
  /// Says what came out: one JSON object, or a line each for people.
  func finish(_ report: RunReport, images: [Image]) throws {
    if json { return Console.shared.output(try JSONOutput.line(report)) }
    guard !quiet else { return }
    if verbose {
      if let sketch = report.summary.sketch { Console.shared.message("colorize: sketch: \(sketch)") }
      if let alignment = report.summary.alignment { Console.shared.message("colorize: reference: \(alignment)") }
      for record in report.networks ?? [] {
        Console.shared.message(
          "colorize: \(record.task.words) with \(record.network) took \(Format.decimal(record.seconds, 2)) s")
      }
      for stage in ColorizeEvent.Stage.allCases {
        guard let seconds = report.summary.seconds[stage.rawValue] else { continue }
        Console.shared.message("colorize: \(stage) took \(Format.decimal(seconds, 2)) s")
      }
      let estimate = report.estimatedMemoryBytes.map { ", \(Format.bytes($0)) expected" } ?? ""
      Console.shared.message("colorize: peak memory \(Format.bytes(report.peakMemoryBytes))\(estimate)")
    }
    for (path, image) in zip(report.outputs, images) {
      Console.shared.output("wrote \(ToolError.oneLine(path)) (\(image.width) x \(image.height))")
    }
    for path in report.files ?? [] { Console.shared.output("wrote \(ToolError.oneLine(path))") }
    Console.shared.output("done in \(Format.decimal(report.seconds, 1)) s")
  }
}
