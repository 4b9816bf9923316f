// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// What the choice of kernels depends on.
struct KernelFeatures: Sendable {
  /// How many invocations a subgroup has, 0 if unknown.
  var subgroupSize = 0
  /// Whether a pipeline can demand full subgroups of that size. Otherwise a driver may run a shader in narrower ones
  /// than it reports (Intel's does), or leave some of them partly empty.
  var canDemandFullSubgroups = false
  /// The least size of a subgroup, 0 if unknown.
  var narrowestSubgroup = 0
  /// Whether compute shaders may reduce and broadcast within a subgroup.
  var hasSubgroupArithmetic = false
  /// Whether eight neighbouring invocations may pass values among themselves.
  var canPassRowsOfEight = false
  /// Whether shaders may load 64 bits at once.
  var hasInt64 = false
  /// The shape of the matrices that its units multiply, nil without such units.
  var matrixShape: MatrixShape?

  init() {}

  /// Asks a device of Vulkan 1.1 or later.
  ///
  /// - Parameters:
  ///   - version: the version of Vulkan that it implements.
  ///   - extensions: those that it offers.
  init(of device: VkPhysicalDevice, instance: VkInstance, version: UInt32, extensions: [String]) throws {
    var subgroup = VkPhysicalDeviceSubgroupProperties()
    subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES
    readProperties(&subgroup, of: device)
    subgroupSize = Int(subgroup.subgroupSize)
    let needed =
      VK_SUBGROUP_FEATURE_BASIC_BIT.rawValue | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT.rawValue
      | VK_SUBGROUP_FEATURE_BALLOT_BIT.rawValue
    hasSubgroupArithmetic =
      subgroup.supportedOperations & needed == needed
      && subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT.rawValue != 0 && subgroupSize >= 1
    if extensions.contains(Self.subgroupSizeExtension) {
      let sizes = Self.subgroupSizes(of: device)
      narrowestSubgroup = sizes.lowerBound
      canDemandFullSubgroups = sizes.contains(subgroupSize)
    }
    canPassRowsOfEight =
      hasSubgroupArithmetic && canDemandFullSubgroups
      && subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT.rawValue != 0
      && [8, 16, 32, 64].contains(subgroupSize)
    var features = VkPhysicalDeviceFeatures()
    vkGetPhysicalDeviceFeatures(device, &features)
    hasInt64 = features.shaderInt64 != 0
    // Pipelines with matrices must demand full subgroups (VUID-RuntimeSpirv-OpTypeCooperativeMatrixKHR-10770).
    if version >= cvk_api_version_1_2, hasSubgroupArithmetic, canDemandFullSubgroups {
      matrixShape = try MatrixShape.best(of: device, instance: instance, extensions: extensions)
    }
  }

  static let subgroupSizeExtension = "VK_EXT_subgroup_size_control"

  /// The sizes of full subgroups that a pipeline can demand; empty if none.
  private static func subgroupSizes(of device: VkPhysicalDevice) -> Range<Int> {
    var properties = VkPhysicalDeviceSubgroupSizeControlProperties()
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES
    readProperties(&properties, of: device)
    var features = VkPhysicalDeviceSubgroupSizeControlFeatures()
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES
    readFeatures(&features, of: device)
    let (least, most) = (Int(properties.minSubgroupSize), Int(properties.maxSubgroupSize))
    guard features.subgroupSizeControl != 0, features.computeFullSubgroups != 0, least <= most,
      properties.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT.rawValue != 0
    else { return 0..<0 }
    return least..<most + 1
  }

  /// The highest tier that the device offers.
  var tier: VulkanTier { matrixShape != nil ? .matrix : hasSubgroupArithmetic ? .subgroup : .portable }
}
