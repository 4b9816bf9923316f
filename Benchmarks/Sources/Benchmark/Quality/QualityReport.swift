// SPDX-License-Identifier: Apache-2.0

import QualityMeasures

/// What the group `quality` measured: every picture, and means by source.
struct QualityReport: Codable {
  /// The name of the model.
  let model: String
  let steps: Int
  let sampler: String
  /// The working size's longer side.
  let size: Int
  let seeds: Int
  /// Every picture of every pair.
  var pictures: [Picture] = []
  /// Means by source and method, in the order of the table.
  var rows: [QualityRow] = []

  /// One picture and what was measured of it.
  struct Picture: Codable {
    let pair: String
    let source: String
    /// How it was made: a mode, a mode and flats, or a baseline.
    let method: String
    /// Nil of a baseline.
    let seed: UInt64?
    /// How long it took, reference and decoding included, where it was painted.
    let seconds: Double?
    let measures: PictureMeasures
    /// Of a picture after the recoloured reference, where one was made.
    var following: Following?
  }

  /// The swap test of one picture.
  struct Following: Codable {
    let figure: ColorFollowing?
    let ground: ColorFollowing?
  }
}

/// Means over the pairs of a source: one line of the table. Each pair counts once, whatever its number of regions.
struct QualityRow: Codable {
  let source: String
  let method: String
  let pairs: Int
  /// The share of the figure's area within the tolerance; its deviation is that from seed to seed.
  let figureShare: Spread?
  let groundShare: Spread?
  let figureDifference: Spread?
  let groundDifference: Spread?
  let bleed: Spread?
  let lineF1: Spread?
  let groundInFigure: Spread?
  let figureInGround: Spread?
  let swapFigureNearer: Spread?
  let swapFigureRight: Spread?
  let swapFigureKept: Spread?
  let swapGroundNearer: Spread?
  let swapGroundRight: Spread?
  let swapGroundKept: Spread?
  let seconds: Spread?

  /// - Parameter pictures: those of one source and method.
  init(source: String, method: String, pictures: [QualityReport.Picture]) {
    // The mean over the pairs for each seed; the spread is that of these means.
    func spread(_ value: (QualityReport.Picture) -> Double?) -> Spread? {
      let bySeed = Dictionary(grouping: pictures) { $0.seed ?? 0 }
      return Spread(bySeed.keys.sorted().compactMap { seed in Spread((bySeed[seed] ?? []).compactMap(value))?.mean })
    }
    self.source = source
    self.method = method
    pairs = Set(pictures.map(\.pair)).count
    figureShare = spread { $0.measures.figure.share }
    groundShare = spread { $0.measures.ground.share }
    figureDifference = spread { $0.measures.figure.medianDifference }
    groundDifference = spread { $0.measures.ground.medianDifference }
    bleed = spread { $0.measures.bleed }
    lineF1 = spread { $0.measures.lines?.f1 }
    groundInFigure = spread { $0.measures.groundInFigure }
    figureInGround = spread { $0.measures.figureInGround }
    swapFigureNearer = spread { $0.following?.figure?.nearer }
    swapFigureRight = spread { $0.following?.figure?.right }
    swapFigureKept = spread { $0.following?.figure?.kept }
    swapGroundNearer = spread { $0.following?.ground?.nearer }
    swapGroundRight = spread { $0.following?.ground?.right }
    swapGroundKept = spread { $0.following?.ground?.kept }
    seconds = spread { $0.seconds }
  }
}

extension QualityReport {
  /// Means by source and method, and over all pairs.
  mutating func summarize() {
    var (sources, methods): ([String], [String]) = ([], [])
    for picture in pictures {
      if !sources.contains(picture.source) { sources.append(picture.source) }
      if !methods.contains(picture.method) { methods.append(picture.method) }
    }
    rows = (sources + (sources.count > 1 ? ["all"] : [])).flatMap { source in
      methods.map { method in
        QualityRow(
          source: source, method: method,
          pictures: pictures.filter { $0.method == method && (source == "all" || $0.source == source) })
      }
    }
  }

  /// The table.
  func print(on console: Console) {
    let columns = [
      "figure", "ground", "dE fig", "dE gnd", "bleed", "lines", "g in f", "f in g", "nearer", "right", "kept", "kept g",
      "s",
    ]
    console.say(
      "\nquality of \(model): \(steps) steps of \(sampler) at \(size) px, \(seeds) seeds; the deviation is over seeds")
    var source = ""
    for row in rows {
      if row.source != source {
        source = row.source
        console.say(
          "\n" + Console.left("\(source) (\(row.pairs))", 22)
            + columns.enumerated().map { index, name in
              Console.right(name, index < 2 ? 14 : 8)
            }.joined())
      }
      var line = Console.left("  " + row.method, 22)
      for share in [row.figureShare, row.groundShare] {
        let deviation = share?.deviation.map { " ±" + Console.number($0, 3) } ?? ""
        line += Console.right((share.map { Console.number($0.mean, 3) } ?? "-") + deviation, 14)
      }
      for difference in [row.figureDifference, row.groundDifference] {
        line += Console.right(difference.map { Console.number($0.mean, 1) } ?? "-", 8)
      }
      let rest = [
        row.bleed, row.lineF1, row.groundInFigure, row.figureInGround, row.swapFigureNearer, row.swapFigureRight,
        row.swapFigureKept, row.swapGroundKept,
      ]
      for value in rest { line += Console.right(value.map { Console.number($0.mean, 3) } ?? "-", 8) }
      line += Console.right(row.seconds.map { Console.number($0.mean, 2) } ?? "-", 8)
      console.say(line)
    }
  }
}
