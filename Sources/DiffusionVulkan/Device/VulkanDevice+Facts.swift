// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// What a report about a device says of it, beyond what chooses it.
extension VulkanDevice {
  /// The driver's name and version in its own words, such as `radv Mesa 24.0.1`; its bare number before Vulkan 1.2.
  public var driver: String {
    let number = physical.properties.driverVersion
    guard physical.properties.apiVersion >= cvk_api_version_1_2 else { return "driver \(number)" }
    var driver = VkPhysicalDeviceDriverProperties()
    driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES
    readProperties(&driver, of: physical.handle)
    return [text(driver.driverName), text(driver.driverInfo)].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The highest tier that it offers, whether or not it is known to be worth it.
  public var highestTier: VulkanTier { physical.kernelFeatures.tier }

  /// Why it gets the tier that it gets.
  public var tierReason: String {
    let features = physical.kernelFeatures
    if let shape = features.matrixShape {
      let units = "matrix units of \(shape.rows) x \(shape.columns) x \(shape.inner)"
      if physical.prefersMatrixUnits { return units }
      return "\(units), which are not known to be worth it "
        + (kind == .cpu ? "in software" : "with this driver or generation") + "; the tier can be forced"
    }
    if !features.hasSubgroupArithmetic { return "no subgroup arithmetic and ballots in compute shaders" }
    return "no matrix units: " + missingForMatrices
  }

  /// The first of the things that the tier with matrix units needs and is not there.
  private var missingForMatrices: String {
    if physical.properties.apiVersion < cvk_api_version_1_2 { return "Vulkan before 1.2" }
    if !physical.extensions.contains(MatrixShape.extensionName) { return "no \(MatrixShape.extensionName)" }
    if !physical.kernelFeatures.canDemandFullSubgroups {
      return "no full subgroups on demand (\(KernelFeatures.subgroupSizeExtension))"
    }
    return "no shape of f16 to f32 that the kernels know, or no vulkanMemoryModel or shaderFloat16"
  }

  /// Names and values of everything that the choice of kernels and the use of memory depend on, for people.
  public var facts: [(name: String, value: String)] {
    let (features, limits) = (physical.kernelFeatures, physical.properties.limits)
    var facts = [
      ("kind", "\(kind)"), ("driver", driver), ("Vulkan", apiVersion),
      (
        "vendor and device",
        String(physical.properties.vendorID, radix: 16) + ":" + String(physical.properties.deviceID, radix: 16)
      ),
      ("tier", "\(tier): \(tierReason)"),
      (
        "subgroups",
        "\(features.subgroupSize)"
          + (features.canDemandFullSubgroups ? ", full ones on demand, \(features.narrowestSubgroup) or more" : "")
          + (features.canPassRowsOfEight ? ", with shuffles" : "")
      ),
      ("shared memory", "\(limits.maxComputeSharedMemorySize >> 10) KiB"),
      ("invocations of a group", "\(limits.maxComputeWorkGroupInvocations)"),
      ("groups", "\(limits.maxComputeWorkGroupCount.0) x \(limits.maxComputeWorkGroupCount.1)"),
      ("largest storage buffer", "\(limits.maxStorageBufferRange >> 20) MiB"),
      ("largest allocation", "\(physical.maxAllocationByteCount >> 20) MiB"),
      ("64-bit integers", features.hasInt64 ? "yes" : "no"),
      (
        "timestamps",
        physical.timestampBits > 0 ? "\(physical.timestampBits) bits of \(limits.timestampPeriod) ns" : "none"
      ),
      ("own memory", "\(memoryByteCount >> 20) MiB"),
    ]
    if let free = freeMemoryByteCount { facts.append(("free of it", "\(free >> 20) MiB")) }
    if let obstacle { facts.append(("unusable", obstacle)) }
    return facts
  }
}
