// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// A device as the driver describes it.
struct PhysicalDevice: @unchecked Sendable {
  // Sendable: the handle belongs to an instance that is never destroyed; the rest are values.
  let handle: VkPhysicalDevice
  let instance: VulkanInstance
  let properties: VkPhysicalDeviceProperties
  let memory: VkPhysicalDeviceMemoryProperties
  let extensions: [String]
  /// What the choice of kernels depends on.
  let kernelFeatures: KernelFeatures
  let maxAllocationByteCount: Int
  let hasShortStorage: Bool
  /// The index of the family of queues to compute on; those that cannot draw come first.
  let queueFamily: UInt32?
  /// How many bits of a timestamp count in that queue, 0 if it writes none.
  let timestampBits: Int

  init(handle: VkPhysicalDevice, instance: VulkanInstance) throws {
    self.handle = handle
    self.instance = instance
    var memory = VkPhysicalDeviceMemoryProperties()
    vkGetPhysicalDeviceMemoryProperties(handle, &memory)
    self.memory = memory
    extensions = try enumerated(VkExtensionProperties(), "listing extensions") {
      vkEnumerateDeviceExtensionProperties(handle, nil, $0, $1)
    }.map { text($0.extensionName) }

    var properties = VkPhysicalDeviceProperties()
    vkGetPhysicalDeviceProperties(handle, &properties)
    self.properties = properties
    guard properties.apiVersion >= cvk_api_version_1_1 else {
      // The calls below are of Vulkan 1.1.
      (kernelFeatures, maxAllocationByteCount, hasShortStorage) = (KernelFeatures(), 0, false)
      (queueFamily, timestampBits) = (nil, 0)
      return
    }
    kernelFeatures = try KernelFeatures(
      of: handle, instance: instance.handle, version: properties.apiVersion, extensions: extensions)
    var maintenance = VkPhysicalDeviceMaintenance3Properties()
    maintenance.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES
    readProperties(&maintenance, of: handle)
    maxAllocationByteCount = Int(clamping: maintenance.maxMemoryAllocationSize)

    var short = VkPhysicalDevice16BitStorageFeatures()
    short.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES
    readFeatures(&short, of: handle)
    hasShortStorage = short.storageBuffer16BitAccess != 0

    var count: UInt32 = 0
    vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nil)
    var families = [VkQueueFamilyProperties](repeating: VkQueueFamilyProperties(), count: Int(count))
    vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, &families)
    let computing = families.indices.filter { families[$0].queueFlags & VK_QUEUE_COMPUTE_BIT.rawValue != 0 }
    let family = computing.first { families[$0].queueFlags & VK_QUEUE_GRAPHICS_BIT.rawValue == 0 } ?? computing.first
    queueFamily = family.map { UInt32($0) }
    timestampBits = family.map { Int(families[$0].timestampValidBits) } ?? 0
  }

  /// Whether matrix units, where it has some, are known to be worth it.
  ///
  /// A device in software only pays for them: its compiler takes minutes. Intel's before Xe2, whose narrowest subgroup is
  /// 8, have registers for an eighth of the sums of a large tile. AMD's own drivers, unlike Mesa's, also name the
  /// extension for chips without such units.
  var prefersMatrixUnits: Bool {
    if properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU { return false }
    switch properties.vendorID {
    case 0x8086: return kernelFeatures.narrowestSubgroup >= 16
    case 0x1002: return !hasDriver(VK_DRIVER_ID_AMD_PROPRIETARY, VK_DRIVER_ID_AMD_OPEN_SOURCE)
    default: return true
    }
  }

  private func hasDriver(_ drivers: VkDriverId...) -> Bool {
    guard properties.apiVersion >= cvk_api_version_1_2 else { return false }
    var driver = VkPhysicalDeviceDriverProperties()
    driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES
    readProperties(&driver, of: handle)
    return drivers.contains(driver.driverID)
  }

  /// Why this backend cannot use the device.
  var obstacle: String? {
    if properties.apiVersion < cvk_api_version_1_1 { return "it does not implement Vulkan 1.1" }
    if queueFamily == nil { return "it has no queue for compute" }
    if !hasShortStorage { return "it cannot store 16-bit elements (storageBuffer16BitAccess)" }
    let limits = properties.limits
    if limits.maxComputeWorkGroupInvocations < 256 || limits.maxComputeWorkGroupSize.0 < 256 {
      return "it runs no groups of 256 invocations"
    }
    if limits.maxPerStageDescriptorStorageBuffers < 5 { return "a shader cannot use five buffers at once" }
    return nil
  }

  var heaps: [VkMemoryHeap] {
    withUnsafeBytes(of: memory.memoryHeaps) {
      Array($0.bindMemory(to: VkMemoryHeap.self).prefix(Int(memory.memoryHeapCount)))
    }
  }

  var memoryTypes: [VkMemoryType] {
    withUnsafeBytes(of: memory.memoryTypes) {
      Array($0.bindMemory(to: VkMemoryType.self).prefix(Int(memory.memoryTypeCount)))
    }
  }

  /// The heap that buffers are made on: the largest of the device's own memory.
  var deviceHeap: Int? {
    heaps.indices.filter { heaps[$0].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT.rawValue != 0 }
      .max { heaps[$0].size < heaps[$1].size }
  }

  /// The size of that heap.
  var deviceMemoryByteCount: Int { deviceHeap.map { Int(clamping: heaps[$0].size) } ?? 0 }

  var hasMemoryBudget: Bool { extensions.contains(Self.memoryBudgetExtension) }
  static let memoryBudgetExtension = "VK_EXT_memory_budget"

  /// What the driver says that this process may still take of a heap, nil if it does not say.
  ///
  /// Other programs count, so the answer changes from call to call.
  func remainingByteCount(heap: Int) -> Int? {
    guard hasMemoryBudget else { return nil }
    var budget = VkPhysicalDeviceMemoryBudgetPropertiesEXT()
    budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT
    withUnsafeMutablePointer(to: &budget) { budget in
      var properties = VkPhysicalDeviceMemoryProperties2()
      properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2
      properties.pNext = UnsafeMutableRawPointer(budget)
      vkGetPhysicalDeviceMemoryProperties2(handle, &properties)
    }
    func size(_ sizes: some Any) -> Int {
      withUnsafeBytes(of: sizes) { Int(clamping: $0.bindMemory(to: VkDeviceSize.self)[heap]) }
    }
    return max(0, size(budget.heapBudget) - size(budget.heapUsage))
  }
}
