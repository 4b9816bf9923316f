// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import Glibc

/// The devices that the tests run on.
enum TestDevice {
  /// Whether there is any device; where there is none, tests are skipped and say so.
  static let exists: Bool = {
    do { return try VulkanDevice.all.contains { $0.obstacle == nil } } catch { return false }
  }()

  static let skipReason = "no usable Vulkan device: install a driver, for example mesa-vulkan-drivers (lavapipe)"

  /// A backend with the validation layer on, unless `IRODORI_VULKAN_VALIDATION` is 0. `IRODORI_VULKAN_DEVICE` chooses
  /// the device.
  ///
  /// - Parameters:
  ///   - kernels: which to use.
  ///   - storageType: how numbers are stored.
  ///   - mostGroups: the most groups of invocations along the second and third axis; nil for what the device starts.
  static func makeBackend(
    _ kernels: Kernels? = nil, storageType: DType = .f32, mostGroups: Int? = nil
  ) throws -> VulkanBackend {
    var options = options
    options.storageType = storageType
    options.mostGroups = mostGroups
    switch kernels {
    case nil: break
    case .tier(let tier): options.tier = tier
    case .subgroupsWithoutLanes:
      options.tier = .subgroup
      options.avoidsLanes = true
      options.wantedGroups = 64
    case .emulatedMatrices:
      options.avoidsLanes = true
      options.wantedGroups = 64
      options.emulatesMatrices = true
    }
    return try VulkanBackend(environment("IRODORI_VULKAN_DEVICE"), options: options)
  }

  /// The sets of kernels that tests run, whatever the device would choose.
  enum Kernels: Sendable, CustomStringConvertible {
    case tier(VulkanTier)
    /// What a graphics card without matrix units uses, with small products split.
    case subgroupsWithoutLanes
    /// What a graphics card with matrix units uses, with the units imitated.
    case emulatedMatrices

    var description: String {
      switch self {
      case .tier(let tier): "tier \(tier)"
      case .subgroupsWithoutLanes: "subgroups without lanes, split products"
      case .emulatedMatrices: "emulated matrices, split products"
      }
    }
  }

  /// Those of the tiers that the device offers.
  static let tiers: [Kernels] = {
    do {
      let highest = try makeBackend().tier
      return VulkanTier.allCases.filter { $0 <= highest }.map(Kernels.tier)
    } catch { return [] }
  }()

  /// The options of that backend.
  static var options: VulkanBackend.Options {
    var options = VulkanBackend.Options()
    options.validation = environment("IRODORI_VULKAN_VALIDATION") != "0"
    // Tests leave nothing in the user's folders.
    options.pipelineFolder = nil
    return options
  }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
