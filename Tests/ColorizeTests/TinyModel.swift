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
    let parts = try ColorizationNetwork.parameters(of: TinyNetwork.configuration).filter { key, _ in
      withSplit || !(key.contains(".lora_") || key.hasPrefix("transformer.") || key.hasPrefix("thresh_embedder."))
    }
    let writer = try SafetensorsWriter(
      path: path, tensors: parts.map { .init(key: $0.key, dtype: .f32, shape: $0.shape.extents) })
    for (key, shape) in parts {
      var values = SeededParameters.values(key, shape: shape)
      if poisoned && key == "model.diffusion_model.out.2.weight" { values = values.map { _ in 1e38 } }
      try values.withUnsafeBytes { try writer.write(key, $0) }
    }
    try writer.finish()
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
