// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// Pictures through a model's autoencoder and back: no painting of the model can be closer to the truth.
struct RoundTrip {
  private let encoder: VAEEncoder
  private let decoder: VAEDecoder
  private let backend: any Backend
  private let factor: Int

  init(_ model: Model, backend: any Backend) throws {
    let parts = try NetworkParts(
      model.weights, configuration: model.configuration, backend: backend, storage: .converted(.f32))
    encoder = try parts.vaeEncoder()
    decoder = try parts.vaeDecoder()
    self.backend = backend
    factor = model.configuration.latentFactor
  }

  /// The picture at a working size, encoded, decoded, and scaled back.
  ///
  /// - Parameter size: the longer side, as the network works on it.
  func callAsFunction(_ image: Image, size: Int) throws -> Image {
    let scale = Double(size) / Double(max(image.width, image.height))
    func side(_ length: Int) -> Int { max(1, Int((Double(length) * scale / Double(factor)).rounded())) * factor }
    let working = try image.composited().resized(width: side(image.width), height: side(image.height))
    let pixels = try Tensor(working.floats(.signed), shape: [1, working.height, working.width, 3], on: backend)
    let decoded = try decoder(encoder(pixels).mean)
    let result = try Image(
      width: working.width, height: working.height, channels: 3, floats: decoded.floats(), range: .signed)
    return try result.resized(width: image.width, height: image.height)
  }
}
