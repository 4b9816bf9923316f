// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// Device memory with one Vulkan buffer over all of it.
final class MemoryBlock {
  let context: DeviceContext
  let memory: VkDeviceMemory
  let buffer: VkBuffer
  let byteCount: Int
  /// Where the host sees it, if it does.
  let hostPointer: UnsafeMutableRawPointer?
  /// What of it counts as the device's own memory.
  private let countedByteCount: Int

  /// Allocates a block.
  ///
  /// - Throws: `BackendError.outOfMemory` if the device does not have that much left.
  init(byteCount: Int, context: DeviceContext, required: VkMemoryPropertyFlags, preferred: VkMemoryPropertyFlags = 0)
    throws
  {
    self.context = context
    self.byteCount = byteCount
    var info = VkBufferCreateInfo()
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO
    info.size = VkDeviceSize(byteCount)
    info.usage =
      VK_BUFFER_USAGE_STORAGE_BUFFER_BIT.rawValue | VK_BUFFER_USAGE_TRANSFER_SRC_BIT.rawValue
      | VK_BUFFER_USAGE_TRANSFER_DST_BIT.rawValue
    info.sharingMode = VK_SHARING_MODE_EXCLUSIVE
    var buffer: VkBuffer?
    try Self.checkMemory(vkCreateBuffer(context.handle, &info, nil, &buffer), byteCount, context)
    guard let buffer else { throw BackendError.outOfMemory(backend: familyName, requestedBytes: byteCount) }
    do {
      var requirements = VkMemoryRequirements()
      vkGetBufferMemoryRequirements(context.handle, buffer, &requirements)
      guard
        let type = context.memoryType(allowed: requirements.memoryTypeBits, required: required, preferred: preferred)
      else {
        throw BackendError.deviceFailure(backend: familyName, reason: "the device has no memory of the kind needed")
      }
      let isOwn = Int(context.physical.memoryTypes[Int(type)].heapIndex) == context.physical.deviceHeap
      countedByteCount = isOwn ? Int(clamping: requirements.size) : 0
      (memory, hostPointer) = try Self.allocate(
        requirements, type, bind: buffer, mapped: required & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue != 0, context)
    } catch {
      vkDestroyBuffer(context.handle, buffer, nil)
      throw error
    }
    self.buffer = buffer
    context.allocatedByteCount.add(countedByteCount, ordering: .relaxed)
  }

  private static func allocate(
    _ requirements: VkMemoryRequirements, _ type: UInt32, bind buffer: VkBuffer, mapped: Bool, _ context: DeviceContext
  ) throws -> (VkDeviceMemory, UnsafeMutableRawPointer?) {
    let byteCount = Int(clamping: requirements.size)
    var info = VkMemoryAllocateInfo()
    info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO
    info.allocationSize = requirements.size
    info.memoryTypeIndex = type
    var memory: VkDeviceMemory?
    context.allocationCount.add(1, ordering: .relaxed)
    try checkMemory(vkAllocateMemory(context.handle, &info, nil, &memory), byteCount, context)
    guard let memory else { throw BackendError.outOfMemory(backend: familyName, requestedBytes: byteCount) }
    do {
      try checkMemory(vkBindBufferMemory(context.handle, buffer, memory, 0), byteCount, context)
      var pointer: UnsafeMutableRawPointer?
      if mapped {
        try context.check(vkMapMemory(context.handle, memory, 0, info.allocationSize, 0, &pointer), "mapping memory")
      }
      return (memory, pointer)
    } catch {
      vkFreeMemory(context.handle, memory, nil)
      throw error
    }
  }

  /// Like `check`, but a lack of memory becomes the error that says so.
  private static func checkMemory(_ result: VkResult, _ byteCount: Int, _ context: DeviceContext) throws {
    if result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY {
      throw BackendError.outOfMemory(backend: context.name, requestedBytes: byteCount)
    }
    try context.check(result, "allocating \(byteCount) bytes")
  }

  deinit {
    context.allocatedByteCount.subtract(countedByteCount, ordering: .relaxed)
    vkDestroyBuffer(context.handle, buffer, nil)
    vkFreeMemory(context.handle, memory, nil)
  }
}
