// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ColorizeEvent {
  /// The stages of a run, in order.
  ///
  /// The raw values are identifiers: keys of ``ColorizeResult/Summary/seconds``, of reports and of profiles. Words for
  /// people are ``description``.
  ///
  /// A new stage is a case here, with the answers below, and its work in `Pipeline.run`: then it is run, metered, timed
  /// and reported.
  public enum Stage: String, Sendable, Hashable, CaseIterable, Codable {
    /// The reference, and its background, through the image encoder.
    case encodingReference
    /// The sketch through the sketch encoder.
    case encodingSketch
    /// The steps of the sampler.
    case sampling
    /// The latent through the autoencoder.
    case decoding
    /// Regions, flats and lines, where the request asks for more than what the network paints.
    case finishing
  }
}

extension ColorizeEvent.Stage: CustomStringConvertible {
  /// What is being done, for people: “encoding the reference”.
  public var description: String {
    switch self {
    case .encodingReference: "encoding the reference"
    case .encodingSketch: "encoding the sketch"
    case .sampling: "sampling"
    case .decoding: "decoding"
    case .finishing: "finishing"
    }
  }

  /// The parts of the network that the stage uses.
  func parts(previews: Bool) -> [NetworkParts.Part] {
    switch self {
    case .encodingReference: [.imageEncoder, .split]
    case .encodingSketch: [.sketchEncoder]
    case .sampling: previews ? [.unet, .vaeDecoder] : [.unet]
    case .decoding: [.vaeDecoder]
    case .finishing: []
    }
  }

  /// The parts that the stage uses for a request.
  func parts(for request: ColorizeRequest) -> [NetworkParts.Part] {
    var parts = parts(previews: request.previewInterval != nil || request.hintsActOnNetwork)
    let encodes = self == .encodingReference ? request.injection != nil : self == .sampling && request.hintsActOnNetwork
    if encodes { parts.append(.vaeEncoder) }
    return parts
  }

  /// The parts that any stage uses.
  static var allParts: [NetworkParts.Part] { allCases.flatMap { $0.parts(previews: false) } }

  /// What pictures on their way take beside the backend's memory while the stage runs, in bytes.
  func hostBytes(for request: ColorizeRequest, in frame: WorkingFrame) -> Int {
    // A picture on its way is 8-bit samples, floats, and what resizing makes of them.
    func read(_ size: ImageSize) -> Int { 12 * size.width * size.height }
    let working = frame.padded.width * frame.padded.height
    let results = 3 * request.count * frame.original.width * frame.original.height
    switch self {
    case .encodingReference:
      let pictures = request.references.compactMap { placed in
        if case .image(let image) = placed.reference { image } else { nil }
      }
      // They are read one after another.
      let largest = pictures.map { read($0.size) }.max() ?? 0
      guard request.injection != nil else { return largest }
      let injected = request.references.compactMap(\.reference.picture).map { read($0.size) }.max() ?? 0
      return max(largest, injected + 12 * working)
    case .encodingSketch: return read(frame.original) + 8 * working
    case .sampling:
      let previews = request.previewInterval == nil ? 0 : 30 * working
      guard request.hintsActOnNetwork else { return previews }
      let drawing = request.frame == .sketch ? frame.original : frame.scaled
      return max(
        previews,
        HintedAreas.bytesPerPixel * drawing.width * drawing.height + HintedAreas.workingBytesPerPixel * working)
    case .decoding: return 30 * working + results
    case .finishing:
      let size = request.frame == .sketch ? frame.original : frame.scaled
      return results + (Finisher.bytesPerPixel + 6 * request.count) * size.width * size.height
    }
  }
}
