import CVulkan
import DiffusionCore

/// An open device with one queue. Everything made on it keeps it alive.
package final class DeviceContext: @unchecked Sendable {
  // Sendable: handles do not change; the queue is used by the recorder alone, under its lock.
  let description: VulkanDevice
  let handle: VkDevice
  let queue: VkQueue
  let queueFamily: UInt32

  var physical: PhysicalDevice { description.physical }
  package var limits: VkPhysicalDeviceLimits { physical.properties.limits }

  init(_ device: VulkanDevice) throws {
    description = device
    guard let family = device.physical.queueFamily else {
      throw BackendError.deviceFailure(backend: familyName, reason: "\(device.name) has no queue for compute")
    }
    queueFamily = family
    var handle: VkDevice?
    var short = VkPhysicalDevice16BitStorageFeatures()
    short.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES
    short.storageBuffer16BitAccess = VK_TRUE
    var priority: Float = 1
    let result = withUnsafeMutablePointer(to: &short) { short in
      withUnsafePointer(to: &priority) { priority in
        var queueInfo = VkDeviceQueueCreateInfo()
        queueInfo.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO
        queueInfo.queueFamilyIndex = family
        queueInfo.queueCount = 1
        queueInfo.pQueuePriorities = priority
        return withUnsafePointer(to: &queueInfo) { queueInfo in
          var info = VkDeviceCreateInfo()
          info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO
          info.pNext = UnsafeRawPointer(short)
          info.queueCreateInfoCount = 1
          info.pQueueCreateInfos = queueInfo
          return vkCreateDevice(device.physical.handle, &info, nil, &handle)
        }
      }
    }
    try check(result, "opening \(device.name)")
    var queue: VkQueue?
    if let handle { vkGetDeviceQueue(handle, family, 0, &queue) }
    guard let handle, let queue else {
      throw BackendError.deviceFailure(backend: familyName, reason: "\(device.name) gave no queue")
    }
    self.handle = handle
    self.queue = queue
  }

  deinit { vkDestroyDevice(handle, nil) }

  /// The first memory type among those allowed with all the flags, preferring the given extra ones.
  func memoryType(allowed: UInt32, required: UInt32, preferred: UInt32 = 0) -> UInt32? {
    let types = physical.memoryTypes
    let fitting = types.indices.filter {
      allowed & (1 << UInt32($0)) != 0 && types[$0].propertyFlags & required == required
    }
    return (fitting.first { types[$0].propertyFlags & preferred == preferred } ?? fitting.first).map { UInt32($0) }
  }
}
