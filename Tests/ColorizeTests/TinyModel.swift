// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Synchronization
import TestSupport

/// The tiny network as a checkpoint in a temporary folder, which goes with it.
final class TinyModel: Sendable {
  private let folder = Result { try TemporaryFolder() }

  /// - Parameters:
  ///   - withSplit: whether it holds the weights of the mask modes.
  ///   - poisoned: whether its weights are so large that latents overflow.
  ///   - text: the sizes of a text tower, in a file of its own.
  ///   - damaged: whether a weight of that is missing.
  func model(
    withSplit: Bool = true, poisoned: Bool = false, text: OpenCLIPTextConfiguration? = nil, damaged: Bool = false
  ) throws -> Model {
    let path = try folder.get().file("\(UUID().uuidString).safetensors")
    try TinyNetwork.write(to: path, withSplit: withSplit, poisoned: poisoned)
    var weights = WeightSource(try SafetensorsFile(path: path))
    if let text {
      let path = try folder.get().file("\(UUID().uuidString).safetensors")
      let parts = try OpenCLIPTextTower.parameters(of: text).filter { !damaged || !$0.key.hasSuffix("ln_final.bias") }
      try SeededParameters.write(parts, to: path)
      weights.append(try SafetensorsFile(path: path))
    }
    return Model(name: "tiny", weights: weights, configuration: TinyNetwork.configuration)
  }
}

/// How many steps were reported, from any thread.
final class StepCounter: Sendable {
  private let value = Atomic<Int>(0)
  var completed: Int {
    get { value.load(ordering: .acquiring) }
    set { value.store(newValue, ordering: .releasing) }
  }

  private let isHeld = Atomic<Bool>(false)

  /// Makes ``pass(_:)`` wait, so that a run stays where it is while others are looked at, however busy the machine is.
  func hold() { isHeld.store(true, ordering: .releasing) }
  func release() { isHeld.store(false, ordering: .releasing) }

  /// Notes a step, and waits while it is held; half an hour at most, after which the test fails and does not hang. Other
  /// tests hold all threads for up to minutes.
  func pass(_ completed: Int) {
    self.completed = completed
    let end = ContinuousClock().now + .seconds(1800)
    while isHeld.load(ordering: .acquiring), ContinuousClock().now < end { usleep(1000) }
  }
}
