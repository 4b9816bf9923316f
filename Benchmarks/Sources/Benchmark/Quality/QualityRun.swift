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
      model: model.name, steps: settings.steps ?? sampling.steps, sampler: sampling.sampler.rawValue,
      size: size, seeds: quality.seeds)
    var sheet = ContactSheet(side: 192)
    let start = ContinuousClock().now
    for (index, pair) in pairs.enumerated() {
      var row = [pair.sketch, pair.reference, pair.target]
      for mode in modes {
        let pictures = try await paint(pair, mode, size, colorizer)
        report.pictures += pictures.measured
        row.append(pictures.first)
      }
      report.pictures += try baselines(of: pair, roundTrip, size)
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

  /// The embedded model, or that of `--model`; a checkpoint without a `config.json` is taken for a published one.
  private func loadedModel() throws -> Model {
    guard let path = settings.model else { return try .embedded() }
    let folder = path.hasSuffix(".safetensors") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
    let isDescribed = FileManager.default.fileExists(atPath: folder + "/config.json")
    return try Model.load(path, configuration: isDescribed ? .besideWeights : .given(.v1_5))
  }

  /// One mode's pictures of a pair: one for each seed, the first also after the recoloured reference.
  private func paint(
    _ pair: QualityPair, _ mode: InferenceMode, _ size: Int, _ colorizer: Colorizer
  ) async throws -> (measured: [QualityReport.Picture], first: Image) {
    var request = colorizer.request(sketch: pair.sketch, reference: .image(pair.reference))
    request.mode = mode
    request.polarity = .darkOnLight
    request.sketchMask = pair.sketchMask
    request.referenceMask = pair.referenceMask
    request.size = size
    request.count = quality.seeds
    if let steps = settings.steps { request.steps = steps }
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await colorizer.colorize(request)
    let seconds = (clock.now - start) / .seconds(1) / Double(quality.seeds)
    var measured = try zip(result.images, result.summary.seeds).map { image, seed in
      QualityReport.Picture(
        pair: pair.name, source: pair.source, method: mode.rawValue, seed: seed, seconds: seconds,
        measures: try pair.truth.measures(of: image))
    }
    request.reference = .image(try ColorShift.apply(to: pair.reference))
    request.count = 1
    let swapped = try await colorizer.colorize(request).image
    measured[0].following = try following(pair, swapped)
    return (measured, result.image)
  }

  private func following(_ pair: QualityPair, _ image: Image) throws -> QualityReport.Following {
    QualityReport.Following(
      figure: try pair.truth.following(of: image, on: .figure), ground: try pair.truth.following(of: image, on: .ground)
    )
  }

  /// What stands beside the modes: the autoencoder's round trip, and what needs no network.
  private func baselines(of pair: QualityPair, _ roundTrip: RoundTrip, _ size: Int) throws -> [QualityReport.Picture] {
    let shifted = try ColorShift.apply(to: pair.reference)
    func mean(_ reference: Image) throws -> Image {
      try Baseline.meanColors(mask: pair.sketchMask, reference: reference, referenceMask: pair.referenceMask)
    }
    func place(_ reference: Image) throws -> Image {
      try Baseline.nearestPlace(
        regions: pair.truth.regions, reference: reference, referenceMask: pair.referenceMask)
    }
    let made: [(String, Image, Image?)] = [
      ("mean colour", try mean(pair.reference), try mean(shifted)),
      ("nearest place", try place(pair.reference), try place(shifted)),
      ("round trip", try roundTrip(pair.target, size: size), nil),
      ("truth", pair.target, nil),
    ]
    return try made.map { name, image, swapped in
      QualityReport.Picture(
        pair: pair.name, source: pair.source, method: name, seed: nil, seconds: nil,
        measures: try pair.truth.measures(of: image), following: try swapped.map { try following(pair, $0) })
    }
  }
}
