// SPDX-License-Identifier: Apache-2.0

/// Where a tape takes the values that derivatives need.
public enum TapeMemory: Sendable, Hashable {
  /// They are kept from the computation on.
  case kept
  /// They are computed again, part by part of the recording, when gradients are made (Chen et al. 2016): the memory of
  /// what passes from part to part and of one part's values.
  ///
  /// Kept are sums that go on through the network, the results of products to which a residual is added: they are small
  /// beside what it took to make them, and what a frozen layer made on the way to them no derivative needs (a selection as
  /// Korthikanti et al. 2022 make it). Of a transformer's block with frozen weights only norms and the projections to
  /// queries, keys and values are computed again, and what stands before a gate.
  ///
  /// A part ends as soon as its results take that many bytes, wherever that is in the network. What is computed again
  /// is bit for bit what it was on a backend whose results do not vary.
  case recomputed(partByteCount: Int)
}
