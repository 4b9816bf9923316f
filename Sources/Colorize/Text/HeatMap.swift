// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A picture of which parts of a reference a text means: what a step of a ``ReferenceManipulation`` will change.
public struct HeatMap: Sendable, Hashable {
  /// How many of the four thresholds each pixel reaches, row by row.
  public let levels: [UInt8]
  /// The picture under the levels' colours, from blue, which reaches none, to red; black lines part the network's tokens.
  public let image: Image

  /// The most pixels of a side; larger pictures are scaled down first.
  public static let maximumSide = 4096

  /// The colours of the levels: OpenCV's JET at 0, 63, 126, 189 and 252.
  private static let colors: [[Float]] = [[0, 0, 128], [0, 124, 255], [122, 255, 134], [255, 136, 0], [140, 0, 0]]
  /// How much of the picture shows through.
  private static let share: Float = 0.3

  /// Lays the levels of a picture over it.
  ///
  /// - Parameters:
  ///   - similarities: those of a square of tokens to the text, row by row.
  ///   - backend: where they are scaled.
  package init(of picture: Image, similarities: [Float], thresholds: [Float], on backend: any Backend) throws {
    let picture = try Self.scaled(picture).composited()
    let (width, height) = (picture.width, picture.height)
    levels = try SimilarityMap.levels(
      similarities, height: height, width: width, thresholds: thresholds, on: backend)
    var pixels = picture.pixels
    for (index, level) in levels.enumerated() {
      for channel in 0..<3 {
        let value =
          Self.share * Float(pixels[3 * index + channel]) + (1 - Self.share) * Self.colors[Int(level)][channel]
        pixels[3 * index + channel] = UInt8(min(max(value.rounded(), 0), 255))
      }
    }
    let side = Int(Double(similarities.count).squareRoot().rounded())
    func darken(_ x: Int, _ y: Int) {
      for channel in 0..<3 { pixels[3 * (y * width + x) + channel] = 0 }
    }
    for line in 0..<side {
      for x in 0..<width { darken(x, line * (height / side)) }
      for y in 0..<height { darken(line * (width / side), y) }
    }
    image = try Image(width: width, height: height, channels: 3, pixels: pixels)
  }

  /// The picture with no side above the limit.
  static func scaled(_ picture: Image) throws -> Image {
    let longest = max(picture.width, picture.height)
    guard longest > maximumSide else { return picture }
    func side(_ extent: Int) -> Int { max(1, (extent * maximumSide + longest / 2) / longest) }
    return try picture.resized(width: side(picture.width), height: side(picture.height))
  }
}

extension Colorizer {
  /// Shows which parts of a reference a text means.
  ///
  /// - Parameters:
  ///   - picture: the reference.
  ///   - control: the text.
  ///   - thresholds: those of the step that will use it: four numbers of 0...1, none below the one before it.
  ///   - manipulation: changes that are made before.
  /// - Throws: ``ColorizeError`` (``ColorizeError/noTextTower(model:)`` for a model that reads no texts), `WeightError`,
  ///   `TextVocabularyError`, ``ImageError``, `BackendError`, `CancellationError`.
  public nonisolated func heatMap(
    of picture: Image, control: String, thresholds: [Float] = TokenManipulation.defaultThresholds,
    after manipulation: ReferenceManipulation? = nil
  ) async throws -> HeatMap {
    try model.requireTextTower()
    try manipulation?.validate()
    // What is wrong with the text or the thresholds is wrong with a step of them.
    try ReferenceManipulation([.init(target: control, thresholds: thresholds)]).validate()
    let runsLastBlock = manipulation?.runsLastTextBlock ?? false
    return try await inTurn {
      let texts = self.conditioning.texts
      let steps = try texts.embeddings(for: manipulation)
      let text = try texts.embeddings(of: [control], runsLastBlock: runsLastBlock)[control] ?? []
      let reference = try self.conditioning.encode(
        picture, mask: nil, background: nil, threshold: 0.5, from: HostPixels(backend: self.backend)
      ).manipulated(steps)
      try Task.checkCancellation()
      return try HeatMap(
        of: picture, similarities: TokenManipulation.similarities(reference.tokens.floats(), to: text),
        thresholds: thresholds, on: self.backend)
    }
  }
}
