// SPDX-License-Identifier: Apache-2.0

/// What kernels use of a device beyond what every device has.
///
/// The backend takes the highest tier that the device offers; a lower one can be forced to compare them.
public enum VulkanTier: String, Sendable, CaseIterable, Comparable {
  /// Shared memory and barriers, as every device has them.
  case portable
  /// Invocations of a subgroup add, compare and pass values among themselves.
  case subgroup
  /// Matrix units (`VK_KHR_cooperative_matrix`) for products of 16-bit elements.
  case matrix

  public static func < (a: VulkanTier, b: VulkanTier) -> Bool {
    allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
  }
}
