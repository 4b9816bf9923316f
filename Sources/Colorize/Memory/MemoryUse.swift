// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How much of the network a ``Colorizer`` keeps in memory.
public enum MemoryUse: String, Sendable, Hashable, CaseIterable, Codable {
  /// All parts that a run uses, read once.
  case normal
  /// Only what the running stage uses; the rest is let go, and read again from the model's file when it is needed.
  /// The U-Net takes one row of a step at a time, unless the request says otherwise. The pictures are the same.
  case low
}

extension ColorizeSettings {
  /// How many rows of a step run together.
  func batching(in memory: MemoryUse) -> UNetBatching {
    batching == .automatic && memory == .low ? .rows(1) : batching
  }
}
