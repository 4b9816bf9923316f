// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

/// Turns views into what a trainer learns from, by the parts of its network that are frozen.
final class SampleEncoder {
  let trainer: Trainer
  let views: ViewMaker
  let cache: LatentCache?
  private let modelHash: StableHash

  init(trainer: Trainer, views: ViewMaker, cache: LatentCache?, modelFingerprint: String) {
    self.trainer = trainer
    self.views = views
    self.cache = cache
    var hash = StableHash()
    // The parts that learn change what is stored, and nothing of the frozen ones does.
    hash.add("sample \(LatentCache.version) \(modelFingerprint) \(Self.arithmetic(of: trainer.tape.base))")
    for part in [TrainedPart.sketchEncoder, .imageEncoder, .vae] where trainer.settings.parts.contains(part) {
      hash.add(part.rawValue)
    }
    modelHash = hash
  }

  /// What decides how a backend rounds, for people too: another processor's kernels, or another precision, make other bits.
  static func arithmetic(of backend: any Backend) -> String {
    let kernels = (backend as? CPUBackend).map { " \($0.instructionSet)" } ?? ""
    return "\(backend.name)\(kernels) \(backend.storageType)"
  }

  /// A sample.
  ///
  /// - Throws: ``ImageError``, ``BackendError``, ``WeightError``, `CancellationError`.
  func item(of picture: Int, variant: Int) throws -> TrainingItem {
    var key = modelHash
    key.add(views.key(of: picture, variant: variant).value)
    if let file = cache?.file(key), let item = try? decode(file) { return item }
    try Task.checkCancellation()
    let encoded = try encode(views.view(of: picture, variant: variant), picture: picture, variant: variant)
    cache?.store(key, encoded)
    // Read as it will be read the next time.
    return try decode(.inMemory(encoded, name: "a sample"))
  }

  /// Does what making a sample of a size does, without a picture: for a backend that counts.
  func encodeBlank(_ size: ImageSize) throws {
    let plane = Plane(width: size.width, height: size.height, channels: 3, repeating: 1)
    let mask = Plane(width: size.width, height: size.height, channels: 1, repeating: 1)
    let lines = [Float](repeating: -1, count: size.width * size.height)
    let view = TrainingView(
      target: plane, lines: lines, mask: mask, reference: plane, referenceMask: mask, isReferenceAnother: true)
    _ = try encode(view, picture: 0, variant: 0)
  }

  private typealias Stored = (key: String, shape: [Int], values: [Float])

  private func encode(_ view: TrainingView, picture: Int, variant: Int) throws -> [Stored] {
    let (parts, tape, configuration) = (trainer.parts, trainer.tape, trainer.configuration)
    let trained = trainer.settings.parts
    let (width, height) = (view.target.width, view.target.height)
    func signed(_ plane: Plane) throws -> Tensor {
      try Tensor(plane.values.map { 2 * $0 - 1 }, shape: [1, plane.height, plane.width, plane.channels], on: tape)
    }
    var stored: [Stored] = []
    func store(_ key: String, _ tensor: Tensor) throws {
      stored.append((key, tensor.shape.extents, try tensor.floats()))
    }
    let target = try signed(view.target)
    if trained == [.vae] {
      try store("picture", target)
      return stored
    }
    try store("latent", parts.vaeEncoder()(target).mean * Float(configuration.scaleFactor))
    if view.isReferenceAnother, views.settings.groundWeight < 1, let mask = view.mask {
      let ground = Float(views.settings.groundWeight)
      let plane = try Tensor(mask.values, shape: [1, height, width, 1], on: tape)
      let factor = configuration.latentFactor
      // The share of each block that is figure.
      let shares = try plane.resized(height: height / factor, width: width / factor, by: .area)
      try store("weight", (shares * (1 - ground)) + (ground + 1e-3))
    }
    let lines = try Tensor(view.lines, shape: [1, height, width, 1], on: tape)
    if trained.contains(.sketchEncoder) {
      try store("lines", lines)
    } else {
      let hints = try parts.sketchEncoder()(lines.broadcast(to: [1, height, width, 3]).contiguous())
      for (level, hint) in hints.enumerated() { try store("hint.\(level)", hint) }
    }
    let reference = try signed(view.reference)
    func storeReference(_ image: Tensor, _ tokens: String, _ picture: String) throws {
      let encoder = try parts.imageEncoder()
      if trained.contains(.imageEncoder) {
        try store(picture, encoder.preprocess(image))
      } else {
        try store(tokens, encoder(image))
      }
    }
    try storeReference(reference, "tokens", "reference")
    guard parts.hasSplit else { return stored }
    // Where no figure can be told, all of it is one.
    let mask = view.mask ?? Plane(width: width, height: height, channels: 1, repeating: 1)
    let referenceMask =
      view.referenceMask
      ?? Plane(width: view.reference.width, height: view.reference.height, channels: 1, repeating: 1)
    try store(
      "mask",
      Tensor(mask.values, shape: [1, height, width, 1], on: tape).resizedBicubic(factor: configuration.latentFactor))
    var random = TrainingRandom(seed: views.seed, 13, views.pictures[picture].contentHash, UInt64(variant))
    let threshold = Float(random.uniform(0.05...0.95))
    let plane = try Tensor(
      referenceMask.values, shape: [1, referenceMask.height, referenceMask.width, 1], on: tape)
    try storeReference(
      SecondStage.background(of: reference, mask: plane, threshold: threshold), "backgroundTokens", "background")
    stored.append(("referenceThreshold", [1], [threshold]))
    return stored
  }

  private func decode(_ file: SafetensorsFile) throws -> TrainingItem {
    func tensor(_ key: String) throws -> Tensor? {
      guard let entry = file[key] else { return nil }
      return try Tensor(file.floats(of: key), shape: Shape(entry.shape), on: trainer.tape.base)
    }
    var item = TrainingItem(referenceThreshold: try tensor("referenceThreshold")?.floats().first ?? 0.5)
    item.latent = try tensor("latent")
    item.lines = try tensor("lines")
    var hints: [Tensor] = []
    while let hint = try tensor("hint.\(hints.count)") { hints.append(hint) }
    item.hints = hints.isEmpty ? nil : hints
    item.mask = try tensor("mask")
    item.tokens = try tensor("tokens")
    item.weight = try tensor("weight")
    item.backgroundTokens = try tensor("backgroundTokens")
    item.reference = try tensor("reference")
    item.background = try tensor("background")
    item.picture = try tensor("picture")
    return item
  }
}
