// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Synchronization

/// An open device with one queue. Everything made on it keeps it alive.
package final class DeviceContext: @unchecked Sendable {
  // Sendable: handles do not change; the queue is used by the recorder alone, under its lock.
  let description: VulkanDevice
  let handle: VkDevice
  let queue: VkQueue
  let queueFamily: UInt32
  /// The bytes of the device's own memory that were taken and not given back.
  let allocatedByteCount = Atomic(0)
  /// How often memory was asked of the device.
  package let allocationCount = Atomic(0)
  /// Whether anything has failed for good.
  package let health = DeviceHealth()
  /// The most of them that may be taken.
  private let memoryLimit: Int

  /// The backend's name, with which errors begin.
  var name: String { "\(familyName):\(description.index)" }
  var physical: PhysicalDevice { description.physical }
  package var limits: VkPhysicalDeviceLimits { physical.properties.limits }

  /// Opens a device.
  ///
  /// - Parameter memoryLimit: the most of the device's own memory to take, in bytes.
  init(_ device: VulkanDevice, memoryLimit: Int = .max) throws {
    description = device
    self.memoryLimit = memoryLimit
    guard let family = device.physical.queueFamily else {
      throw BackendError.deviceFailure(backend: familyName, reason: "\(device.name) has no queue for compute")
    }
    queueFamily = family
    var handle: VkDevice?
    var short = VkPhysicalDevice16BitStorageFeatures()
    short.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES
    short.storageBuffer16BitAccess = VK_TRUE
    var features = VkPhysicalDeviceFeatures()
    features.shaderInt64 = device.physical.kernelFeatures.hasInt64 ? VK_TRUE : VK_FALSE
    var subgroups = VkPhysicalDeviceSubgroupSizeControlFeatures()
    subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES
    subgroups.subgroupSizeControl = VK_TRUE
    subgroups.computeFullSubgroups = VK_TRUE
    let demandsFullSubgroups = device.physical.kernelFeatures.canDemandFullSubgroups
    var priority: Float = 1
    let usesMatrices = device.physical.kernelFeatures.matrixShape != nil
    let extensions =
      (device.physical.hasMemoryBudget ? [PhysicalDevice.memoryBudgetExtension] : [])
      + (usesMatrices ? [MatrixShape.extensionName] : [])
      + (demandsFullSubgroups ? [KernelFeatures.subgroupSizeExtension] : [])
    let result = withCStrings(extensions) { extensionNames, extensionCount in
      withUnsafeMutablePointer(to: &subgroups) { subgroups in
        let rest = demandsFullSubgroups ? UnsafeMutableRawPointer(subgroups) : nil
        return MatrixShape.withFeatures(enabled: usesMatrices, next: rest) { matrixFeatures, _ in
          short.pNext = usesMatrices ? matrixFeatures : rest
          return withUnsafeMutablePointer(to: &short) { short in
            withUnsafePointer(to: &priority) { priority in
              var queueInfo = VkDeviceQueueCreateInfo()
              queueInfo.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO
              queueInfo.queueFamilyIndex = family
              queueInfo.queueCount = 1
              queueInfo.pQueuePriorities = priority
              return withUnsafePointer(to: &queueInfo) { queueInfo in
                withUnsafePointer(to: &features) { features in
                  var info = VkDeviceCreateInfo()
                  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO
                  info.pNext = UnsafeRawPointer(short)
                  info.queueCreateInfoCount = 1
                  info.pQueueCreateInfos = queueInfo
                  info.enabledExtensionCount = extensionCount
                  info.ppEnabledExtensionNames = extensionNames
                  info.pEnabledFeatures = features
                  return vkCreateDevice(device.physical.handle, &info, nil, &handle)
                }
              }
            }
          }
        }
      }
    }
    try DiffusionVulkan.check(result, "opening \(device.name)")
    var queue: VkQueue?
    if let handle { vkGetDeviceQueue(handle, family, 0, &queue) }
    guard let handle, let queue else {
      throw BackendError.deviceFailure(backend: familyName, reason: "\(device.name) gave no queue")
    }
    self.handle = handle
    self.queue = queue
  }

  deinit { vkDestroyDevice(handle, nil) }

  /// Whether the device still works: throws the failure after which nothing on it can be trusted.
  func ensureUsable() throws { try health.ensure() }

  /// Throws if a call on the device did not succeed; the loss of the device is remembered.
  func check(_ result: VkResult, _ action: String) throws {
    guard result == VK_ERROR_DEVICE_LOST else { return try DiffusionVulkan.check(result, action) }
    throw health.fail(.deviceLost(backend: name, reason: "\(action) failed: \(describe(result))"))
  }

  /// The bytes that may still be taken of the heap that buffers are made on.
  var remainingByteCount: Int {
    let allocated = allocatedByteCount.load(ordering: .relaxed)
    // Without the driver's word, a sixteenth is left to whoever else uses the device.
    let remaining =
      physical.deviceHeap.flatMap { physical.remainingByteCount(heap: $0) }
      ?? description.memoryByteCount / 16 * 15 - allocated
    return max(0, min(remaining, memoryLimit - allocated))
  }

  /// The memory type of the largest heap among those allowed that have all the flags, preferring the given extra ones.
  ///
  /// Some devices show a small part of their memory to the host as a heap of its own, which is not meant for buffers of
  /// the device; hence the largest, and of its types the plainest.
  func memoryType(allowed: UInt32, required: UInt32, preferred: UInt32 = 0) -> UInt32? {
    let types = physical.memoryTypes
    let heaps = physical.heaps
    let fitting = types.indices.filter {
      allowed & (1 << UInt32($0)) != 0 && types[$0].propertyFlags & required == required
    }
    func rank(_ index: Int) -> (Int, UInt64, Int) {
      let flags = types[index].propertyFlags
      return (
        (flags & preferred).nonzeroBitCount, heaps[Int(types[index].heapIndex)].size, -flags.nonzeroBitCount
      )
    }
    return fitting.max { rank($0) < rank($1) }.map { UInt32($0) }
  }
}
