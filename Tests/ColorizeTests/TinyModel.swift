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
  func model(withSplit: Bool = true, poisoned: Bool = false) throws -> Model {
    let path = try folder.get().file("\(UUID().uuidString).safetensors")
    try TinyNetwork.write(to: path, withSplit: withSplit, poisoned: poisoned)
    let weights = WeightSource(try SafetensorsFile(path: path))
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
}
