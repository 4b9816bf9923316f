// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

extension GoldenSet {
  /// The sizes of the recorded network.
  package var configuration: ModelConfiguration {
    get throws { try decode(GoldenConfiguration.self, from: "config").configuration }
  }

  /// The recorded network's checkpoint, `weights.safetensors`.
  ///
  /// Seeded weights take no room in a set: they are written to a temporary file, once in a process, so that tests load
  /// them like any other checkpoint.
  package func weights() throws -> WeightSource {
    let root = try decode(GoldenConfiguration.self, from: "config")
    guard root.weights == "seeded" else {
      return WeightSource(try SafetensorsFile(path: "\(path)/weights.safetensors"))
    }
    return try Self.seeded.withLock { made in
      let folder = try made[path] ?? TemporaryFolder()
      let file = folder.file("weights.safetensors")
      if made[path] == nil { try SeededParameters.write(root.configuration, to: file) }
      made[path] = folder
      return WeightSource(try SafetensorsFile(path: file))
    }
  }

  package func network(on backend: any Backend) throws -> ColorizationNetwork {
    try ColorizationNetwork.load(weights(), configuration: configuration, backend: backend).network
  }

  /// Where seeded weights are, by the path of their set.
  private static let seeded = Mutex<[String: TemporaryFolder]>([:])
}

extension Sampler {
  /// The sampler that the published application calls so.
  package init(published label: String) throws {
    let others = ["diffuser_dpm": "dpm_solver", "diffuser_lms": "lms_diffusers"]
    let name = others[label] ?? (label.hasPrefix("diffuser_") ? String(label.dropFirst(9)) : label)
    try self.init(named: name)
  }
}
