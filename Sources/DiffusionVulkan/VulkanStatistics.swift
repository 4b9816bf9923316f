// SPDX-License-Identifier: Apache-2.0

/// What a backend recorded: the basis of predictions about hardware.
public struct VulkanStatistics: Sendable, Hashable {
  /// Compute dispatches.
  public var dispatches = 0
  /// Barriers between commands of one batch.
  public var barriers = 0
  /// Batches handed to the device, replayed ones included.
  public var submissions = 0
  /// Floating-point operations of matrix products, convolutions and attention.
  public var operations = 0.0
  /// The bytes of all operands of all dispatches, each counted once a dispatch.
  public var bytes = 0

  /// How often recorded commands were run again, instead of being recorded.
  public var replays = 0

  /// Nothing recorded.
  public init() {}

  /// Adds what the commands of a batch are counted by.
  mutating func add(_ other: VulkanStatistics) {
    dispatches += other.dispatches
    barriers += other.barriers
    operations += other.operations
    bytes += other.bytes
  }
}
