// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// One request being carried out.
struct ColorizeRun {
  let request: ColorizeRequest
  let colorizer: Colorizer
  let owner: any AnyObject & Sendable

  init(request: ColorizeRequest, colorizer: Colorizer, owner: any AnyObject & Sendable) throws {
    try colorizer.model.validate(request)
    for placed in request.references {
      if case .encoded(let reference) = placed.reference, reference.owner !== owner {
        throw ColorizeError.foreignReference
      }
    }
    self.request = request.withShapedMasks()
    self.colorizer = colorizer
    self.owner = owner
  }

  func perform(observer: @Sendable (ColorizeEvent) -> Void) throws -> ColorizeResult {
    let parts = colorizer.conditioning.parts
    let estimate =
      request.checksMemory
      ? try colorizer.model.checkMemory(
        for: request, backend: colorizer.backend, memory: colorizer.memory, isLoaded: colorizer.isLoaded.value) : nil
    try loadReleased()
    defer { if colorizer.memory == .low { parts.keep(only: []) } }
    let pipeline = Pipeline(request, network: colorizer.conditioning, memory: colorizer.memory)
    return try withoutActuallyEscaping(observer) { observer in
      let driver = try RunDriver(
        pipeline, model: colorizer.model, demands: estimate?.stageDemands ?? [:], observer: observer)
      try pipeline.run(driver)
      return driver.result
    }
  }

  /// Reads the network again where its weights were let go.
  private func loadReleased() throws {
    guard colorizer.memory == .normal, !colorizer.isLoaded.value else { return }
    try colorizer.conditioning.parts.load(ColorizeEvent.Stage.allParts) { _ in try Task.checkCancellation() }
    colorizer.isLoaded.mutate { $0 = true }
  }
}
