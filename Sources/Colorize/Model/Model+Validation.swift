extension Model {
  /// Checks a request by itself and against the model, so that it cannot fail on its options once work has started:
  /// the mode first, then what ``ColorizeRequest/validate()`` checks, then what depends on the network's sizes.
  ///
  /// ``Colorizer`` does so when a request comes in, before it waits for its turn.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate(_ request: ColorizeRequest) throws {
    try require(request.mode)
    try request.validate()
    _ = try request.referenceStrength.scales(for: configuration.unet)
  }
}
