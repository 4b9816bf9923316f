// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// Networks that work on a shot's drawings and references before the one that colours.
public struct ShotNetworks: Sendable {
  /// Finds the lines of every drawing; see `ColorizeRequest.extractLines(by:for:progress:)`.
  public let extractor: LineExtractor?
  /// Finds the figures of references, where ``Shot/masks`` are ``MaskSource/found``.
  public let segmenter: FigureSegmenter?
  /// Finds those of drawings.
  public let sketchSegmenter: FigureSegmenter?
  /// What decides a frame beside its own inputs.
  let digests: [String]

  /// None.
  public static let none = ShotNetworks(extractor: nil, segmenter: nil, sketchSegmenter: nil, digests: [])

  private init(
    extractor: LineExtractor?, segmenter: FigureSegmenter?, sketchSegmenter: FigureSegmenter?, digests: [String]
  ) {
    self.extractor = extractor
    self.segmenter = segmenter
    self.sketchSegmenter = sketchSegmenter
    self.digests = digests
  }

  /// Given networks. Their weights are read once, for their digests.
  ///
  /// - Throws: `WeightError`, or `CancellationError`.
  public init(
    extractor: LineExtractor? = nil, segmenter: FigureSegmenter? = nil, sketchSegmenter: FigureSegmenter? = nil
  ) throws {
    var digests: [String] = []
    if let extractor { digests.append("extractor \(try extractor.file.source.contentDigest())") }
    if let segmenter {
      digests.append("segmenter \(segmenter.input.rawValue) \(try segmenter.file.source.contentDigest())")
    }
    if let sketchSegmenter {
      digests.append("sketchSegmenter \(try sketchSegmenter.file.source.contentDigest())")
    }
    self.init(extractor: extractor, segmenter: segmenter, sketchSegmenter: sketchSegmenter, digests: digests)
  }
}
