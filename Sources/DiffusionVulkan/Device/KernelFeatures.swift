import CVulkan

/// What the choice of kernels depends on.
struct KernelFeatures: Sendable {
  /// How many invocations a subgroup has, 0 if unknown.
  var subgroupSize = 0
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
    withUnsafeMutablePointer(to: &subgroup) { subgroup in
      var all = VkPhysicalDeviceProperties2()
      all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2
      all.pNext = UnsafeMutableRawPointer(subgroup)
      vkGetPhysicalDeviceProperties2(device, &all)
    }
    subgroupSize = Int(subgroup.subgroupSize)
    let needed =
      VK_SUBGROUP_FEATURE_BASIC_BIT.rawValue | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT.rawValue
      | VK_SUBGROUP_FEATURE_BALLOT_BIT.rawValue
    hasSubgroupArithmetic =
      subgroup.supportedOperations & needed == needed
      && subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT.rawValue != 0 && subgroupSize >= 1
    canPassRowsOfEight =
      hasSubgroupArithmetic && subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT.rawValue != 0
      && [8, 16, 32, 64].contains(subgroupSize)
    var features = VkPhysicalDeviceFeatures()
    vkGetPhysicalDeviceFeatures(device, &features)
    hasInt64 = features.shaderInt64 != 0
    if version >= cvk_api_version_1_2, hasSubgroupArithmetic {
      matrixShape = try MatrixShape.best(of: device, instance: instance, extensions: extensions)
    }
  }

  /// The highest tier that the device offers.
  var tier: VulkanTier { matrixShape != nil ? .matrix : hasSubgroupArithmetic ? .subgroup : .portable }
}
