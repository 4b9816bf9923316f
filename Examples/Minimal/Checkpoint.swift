// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

func openCheckpoint() async throws -> Colorizer {
  let model = try Model.load("models")
  return try await Colorizer(model: model, backend: CPUBackend(threads: 4))
}
