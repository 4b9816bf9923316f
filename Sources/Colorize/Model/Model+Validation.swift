// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Model {
  /// Checks a request by itself and against the model, so that it cannot fail on its options once work has started:
  /// the mode first, then what ``ColorizeRequest/validate()`` checks, then what depends on the network's sizes.
  ///
  /// ``Colorizer`` does so when a request comes in, before it waits for its turn.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate(_ request: ColorizeRequest) throws {
    guard configuration.sketchEncoder != nil else {
      throw ColorizeError.unusableModel(
        path: name, reason: "it has no sketch encoder, through which a colorizer sees its drawing")
    }
    try require(request.mode)
    try request.validate()
    _ = try request.referenceStrength.scales(for: configuration.unet)
    try checkSteps(of: request.settings)
    if request.manipulation?.steps.isEmpty == false { try requireTextTower() }
  }

  /// Makes sure that the model reads texts.
  func requireTextTower() throws {
    guard let text = textConfiguration else { throw ColorizeError.noTextTower(model: name) }
    let width = configuration.imageEncoder.outputWidth
    guard text.outputWidth == width else {
      throw ColorizeError.unusableModel(
        path: name,
        reason: "its text tower makes embeddings of \(text.outputWidth) numbers and its image encoder tokens of "
          + "\(width), so they do not belong together")
    }
  }

  /// Samplers on timesteps cannot take more steps than the model has timesteps, and some take a little less.
  private func checkSteps(of settings: ColorizeSettings) throws {
    let (sampler, steps) = (settings.sampler, settings.steps)
    let most = sampler.mostSteps(timesteps: configuration.timesteps, schedule: settings.schedule)
    guard steps <= most else {
      let least = sampler.stepRange.lowerBound
      throw ColorizeError.invalidOption(
        .steps, value: "\(steps)",
        expected: "\(least) to \(max(least, most)) with \(sampler.name) and this model")
    }
  }
}
