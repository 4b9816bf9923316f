// SPDX-License-Identifier: Apache-2.0

/// Where a tape takes the values that derivatives need.
public enum TapeMemory: Sendable, Hashable {
  /// They are kept from the computation on.
  case kept
  /// They are computed again, part by part of the recording, when gradients are made (Chen et al. 2016): the memory of
  /// what passes from part to part and of one part's values, for the time of nearly one more computation.
  ///
  /// A part ends as soon as its results take that many bytes, wherever that is in the network. What is computed again
  /// is bit for bit what it was on a backend whose results do not vary.
  case recomputed(partByteCount: Int)
}
