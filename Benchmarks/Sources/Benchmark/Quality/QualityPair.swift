// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import QualityMeasures

/// A sketch, a reference and the truth, as `Benchmarks/quality/pairs.py` makes them.
struct QualityPair: Sendable {
  let name: String
  /// What it was made of: drawings, cels, mascots.
  let source: String
  let sketch: Image
  let reference: Image
  let target: Image
  let sketchMask: Mask
  let referenceMask: Mask
  let truth: PairTruth

  /// A line of `pairs.json`.
  private struct Entry: Decodable {
    let name: String
    let source: String
    let figureRegions: Int
  }

  /// The pairs that are asked for, in the order of the list.
  static func load(_ settings: QualitySettings) throws -> [QualityPair] {
    let list = settings.folder + "/pairs.json"
    guard FileManager.default.fileExists(atPath: list) else { throw BenchmarkError.noPairs(list) }
    var entries = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: URL(fileURLWithPath: list)))
    if !settings.prefixes.isEmpty {
      entries = entries.filter { entry in settings.prefixes.contains { entry.name.hasPrefix($0) } }
    }
    if let limit = settings.limit, limit < entries.count {
      entries = (0..<limit).map { entries[$0 * entries.count / limit] }
    }
    guard !entries.isEmpty else { throw BenchmarkError.noPairs(settings.folder) }
    return try entries.map { try QualityPair($0, folder: "\(settings.folder)/\($0.name)") }
  }

  private init(_ entry: Entry, folder: String) throws {
    func image(_ name: String) throws -> Image { try Image.load("\(folder)/\(name).png") }
    name = entry.name
    source = entry.source
    sketch = try image("sketch")
    reference = try image("reference")
    target = try image("target")
    sketchMask = Mask(try image("sketch-mask"))
    referenceMask = Mask(try image("reference-mask"))
    truth = try PairTruth(
      target: target, sketch: sketch,
      regions: TruthRegions(image("regions"), figureCount: entry.figureRegions))
  }
}
