// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import QualityMeasures

/// Finds the figures of pictures whose masks are known, and compares: what `--masks auto` gives.
struct MaskRun {
  let quality: QualitySettings
  let console: Console

  /// Measures all pairs; prints the table.
  func callAsFunction() throws -> MaskReport {
    var report = MaskReport()
    for pair in try QualityPair.load(quality) {
      let pictures: [(kind: MaskReport.Kind, image: Image, truth: Mask, plain: FigureMask.Method)] = [
        (.sketch, pair.sketch, pair.sketchMask, .lines), (.reference, pair.reference, pair.referenceMask, .colors),
        (.target, pair.target, pair.sketchMask, .colors),
      ]
      for picture in pictures {
        for method in [FigureMask.Method.builtIn, picture.plain] {
          let start = ContinuousClock.now
          let found = try picture.image.figureMask(method)
          let seconds = (ContinuousClock.now - start) / .seconds(1)
          guard let overlap = MaskOverlap.share(of: found.mask, picture.truth) else { continue }
          report.masks.append(
            MaskReport.Found(
              pair: pair.name, source: pair.source, kind: picture.kind, method: found.method, overlap: overlap,
              isPlausible: found.isPlausible, seconds: seconds))
        }
      }
    }
    report.print(on: console)
    return report
  }
}

/// What the group `masks` measured.
struct MaskReport: Codable {
  /// Which picture of a pair: the target is the sketch's truth, so that its figure is the sketch's.
  enum Kind: String, Codable, CaseIterable { case sketch, reference, target }

  /// One mask that was found.
  struct Found: Codable {
    let pair: String
    let source: String
    let kind: Kind
    let method: FigureMask.Method
    /// Intersection over union with the truth.
    let overlap: Double
    let isPlausible: Bool
    let seconds: Double
  }

  var masks: [Found] = []

  /// The table: means and least of each source, kind and method.
  func print(on console: Console) {
    console.say("\nmasks that are found, beside the true ones: intersection over union\n")
    console.say(
      Console.left("", 34) + ["mean", "median", "least", "above .9", "s"].map { Console.right($0, 10) }.joined())
    let sources = masks.reduce(into: [String]()) { if !$0.contains($1.source) { $0.append($1.source) } }
    for source in sources + (sources.count > 1 ? ["all"] : []) {
      for kind in Kind.allCases {
        for method in [FigureMask.Method.builtIn, .lines, .colors] {
          let found = masks.filter {
            $0.kind == kind && $0.method == method && (source == "all" || $0.source == source)
          }
          guard !found.isEmpty else { continue }
          let overlaps = found.map(\.overlap).sorted()
          let count = Double(found.count)
          let median = (overlaps[(overlaps.count - 1) / 2] + overlaps[overlaps.count / 2]) / 2
          let values = [
            Console.number(overlaps.reduce(0, +) / count, 3), Console.number(median, 3),
            Console.number(overlaps[0], 3), Console.number(Double(overlaps.count { $0 > 0.9 }) / count, 2),
            Console.number(found.map(\.seconds).reduce(0, +) / count, 2),
          ]
          console.say(
            Console.left("\(source) (\(found.count))  \(kind.rawValue), \(method.rawValue)", 34)
              + values.map { Console.right($0, 10) }.joined())
        }
      }
    }
  }
}
