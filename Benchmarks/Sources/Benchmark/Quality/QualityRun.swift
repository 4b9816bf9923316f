// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import QualityMeasures

/// Paints pairs with known truth, and measures.
struct QualityRun {
  let settings: Settings
  let quality: QualitySettings
  let console: Console

  /// Measures a model; prints the table, and writes the sheet if one is asked for.
  func callAsFunction() async throws -> QualityReport {
    let pairs = try QualityPair.load(quality)
    let model = try loadedModel()
    let backend = try settings.makeBackend()
    let colorizer = try await Colorizer(model: model, backend: backend)
    let modes = (quality.modes.isEmpty ? InferenceMode.allCases : quality.modes).filter(colorizer.supports)
    guard !modes.isEmpty else { throw BenchmarkError.noMode(model: model.name) }
    let roundTrip = try RoundTrip(model, backend: backend)

    let size = settings.size ?? model.configuration.imageSize
    let sampling = model.configuration.sampling
    var report = QualityReport(
      model: model.name, steps: settings.steps ?? sampling.steps, sampler: sampling.sampler.name,
      size: size, seeds: quality.seeds)
    var sheet = ContactSheet(side: 192)
    let start = ContinuousClock().now
    for (index, pair) in pairs.enumerated() {
      let flats = quality.noFlats ? nil : try FlatsMaker(pair)
      var row = [pair.sketch, pair.reference, pair.target]
      for mode in modes {
        let pictures = try await paint(pair, mode, size, colorizer, flats)
        report.pictures += pictures.measured
        row += pictures.shown
        try write(pictures.shown[0], pair, mode.rawValue)
      }
      report.pictures += try baselines(of: pair, roundTrip, size, flats)
      if let flats { try write(flats.numbers(), pair, "regions") }
      try sheet.add(row)
      let seconds = Console.number((ContinuousClock().now - start) / .seconds(1), 0)
      FileHandle.standardError.write(Data("\r  \(index + 1) of \(pairs.count) pairs, \(seconds) s".utf8))
    }
    FileHandle.standardError.write(Data("\n".utf8))
    report.summarize()
    report.print(on: console)
    if let path = quality.sheet { try sheet.image().write(to: path) }
    return report
  }

  private func write(_ image: @autoclosure () throws -> Image, _ pair: QualityPair, _ what: String) throws {
    guard let folder = quality.pictures else { return }
    try image().write(to: "\(folder)/\(pair.name)-\(what).png")
  }

  /// The embedded model, or that of `--model`; a checkpoint without a `config.json` is taken for a published one.
  private func loadedModel() throws -> Model {
    guard let path = settings.model else { return try .embedded() }
    let folder = path.hasSuffix(".safetensors") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
    let isDescribed = FileManager.default.fileExists(atPath: folder + "/config.json")
    return try Model.load(path, configuration: isDescribed ? .besideWeights : .given(.v1_5))
  }

  /// One mode's pictures of a pair: one for each seed, the first also after the recoloured reference; and flats of each.
  private func paint(
    _ pair: QualityPair, _ mode: InferenceMode, _ size: Int, _ colorizer: Colorizer, _ flats: FlatsMaker?
  ) async throws -> (measured: [QualityReport.Picture], shown: [Image]) {
    var request = colorizer.request(sketch: pair.sketch, reference: .image(pair.reference))
    request.mode = mode
    request.polarity = .darkOnLight
    request.sketchMask = pair.sketchMask
    request.referenceMask = pair.referenceMask
    request.size = size
    request.count = quality.seeds
    // What is judged is what the network painted, and the flats that the library makes of it.
    (request.fill, request.lines, request.makesFlats) = (.painting, .network, flats != nil)
    if let steps = settings.steps { request.steps = steps }
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await colorizer.colorize(request)
    let seconds = (clock.now - start) / .seconds(1) / Double(quality.seeds)
    let shifted = try ColorShift.apply(to: pair.reference)
    request.reference = .image(shifted)
    request.count = 1
    let swapped = try await colorizer.colorize(request).pictures[0]

    /// What is made of each painting after a reference: the painting itself, or flats of it.
    func measured(
      _ name: String, seconds: Double? = nil, hasLines: Bool, _ make: (ColorizeResult.Picture) throws -> Image
    ) throws -> (pictures: [QualityReport.Picture], first: Image) {
      let images = try result.pictures.map(make)
      var pictures = try zip(images, result.summary.seeds).map { image, seed in
        QualityReport.Picture(
          pair: pair.name, source: pair.source, method: name, seed: seed, seconds: seconds,
          measures: try pair.truth.measures(of: image, hasLines: hasLines))
      }
      pictures[0].following = try following(pair, make(swapped), after: images[0])
      return (pictures, images[0])
    }
    let painted = try measured(mode.rawValue, seconds: seconds, hasLines: true) { $0.painting }
    guard let flats else { return (painted.pictures, [painted.first]) }
    let plain = try measured("\(mode.rawValue), flats", hasLines: false) { try flats($0.painting) }
    let matched = try measured("\(mode.rawValue), palette", hasLines: false) { $0.flats?.image ?? $0.painting }
    return (
      painted.pictures + plain.pictures + matched.pictures,
      [painted.first, try matched.first.multiplied(by: pair.sketch)]
    )
  }

  private func following(
    _ pair: QualityPair, _ image: Image, after first: Image
  ) throws -> QualityReport.Following {
    let found = try pair.truth.following(of: image, after: first)
    return QualityReport.Following(figure: found.figure, ground: found.ground)
  }

  /// What stands beside the modes: the autoencoder's round trip, flats of the truth, and what needs no network.
  private func baselines(
    of pair: QualityPair, _ roundTrip: RoundTrip, _ size: Int, _ flats: FlatsMaker?
  ) throws -> [QualityReport.Picture] {
    let shifted = try ColorShift.apply(to: pair.reference)
    let flatsOfTruth = "flats of truth"
    func mean(_ reference: Image) throws -> Image {
      try Baseline.meanColors(mask: pair.sketchMask, reference: reference, referenceMask: pair.referenceMask)
    }
    func place(_ reference: Image) throws -> Image {
      try Baseline.nearestPlace(
        regions: pair.truth.regions, reference: reference, referenceMask: pair.referenceMask)
    }
    var made: [(String, Image, Image?)] = [
      ("mean colour", try mean(pair.reference), try mean(shifted)),
      ("nearest place", try place(pair.reference), try place(shifted)),
      ("round trip", try roundTrip(pair.target, size: size), nil),
    ]
    if let flats { made.append((flatsOfTruth, try flats(pair.target), nil)) }
    made.append(("truth", pair.target, nil))
    return try made.map { name, image, swapped in
      QualityReport.Picture(
        pair: pair.name, source: pair.source, method: name, seed: nil,
        seconds: name == flatsOfTruth ? flats?.seconds : nil, measures: try pair.truth.measures(of: image),
        following: try swapped.map { try following(pair, $0, after: image) })
    }
  }
}
