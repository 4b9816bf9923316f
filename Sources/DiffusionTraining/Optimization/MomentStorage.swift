// SPDX-License-Identifier: Apache-2.0

/// How an optimiser keeps what it knows of each parameter from step to step.
public enum MomentStorage: String, Sendable, Hashable, CaseIterable, Codable {
  /// As 32-bit floats: 8 bytes for each parameter.
  case single = "f32"
  /// In blocks of 256 numbers of 8 bits with one scale each (Dettmers et al. 2022): 2.03 bytes for each parameter. Smaller
  /// moments of a block are told less exactly; parameters of fewer than 4096 numbers keep 32 bits.
  case blocks8 = "8bit"

  /// Whether a parameter's moments are kept in 8 bits.
  func quantizes(elementCount: Int) -> Bool { self == .blocks8 && elementCount >= 4096 }
}
