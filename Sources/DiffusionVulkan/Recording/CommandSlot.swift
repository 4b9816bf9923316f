// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// What one submission needs: a command buffer, its descriptor sets and the fence that says when they are free again.
final class CommandSlot {
  private let context: DeviceContext
  private var pool: VkCommandPool?
  private var descriptors: VkDescriptorPool?
  private var fence: VkFence?
  private var buffer: VkCommandBuffer?
  /// Whether its commands are submitted more than once, perhaps while the device still runs them.
  private let isReusable: Bool
  /// Made with the first call that is timed.
  private(set) var timestamps: Timestamps?
  /// The submission that uses it, 0 before the first.
  var submission: UInt64 = 0

  /// - Parameter maxDispatches: how many dispatches there is room for.
  init(context: DeviceContext, maxDispatches: Int, isReusable: Bool = false) throws {
    self.context = context
    self.isReusable = isReusable
    var poolInfo = VkCommandPoolCreateInfo()
    poolInfo.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO
    poolInfo.queueFamilyIndex = context.queueFamily
    try context.check(vkCreateCommandPool(context.handle, &poolInfo, nil, &pool), "making a command pool")
    var bufferInfo = VkCommandBufferAllocateInfo()
    bufferInfo.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO
    bufferInfo.commandPool = pool
    bufferInfo.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY
    bufferInfo.commandBufferCount = 1
    try context.check(vkAllocateCommandBuffers(context.handle, &bufferInfo, &buffer), "making a command buffer")
    var fenceInfo = VkFenceCreateInfo()
    fenceInfo.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO
    try context.check(vkCreateFence(context.handle, &fenceInfo, nil, &fence), "making a fence")
    var size = VkDescriptorPoolSize()
    size.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
    size.descriptorCount = UInt32(maxDispatches * PipelineCache.bindingCount)
    try withUnsafePointer(to: &size) { size in
      var info = VkDescriptorPoolCreateInfo()
      info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO
      info.maxSets = UInt32(maxDispatches)
      info.poolSizeCount = 1
      info.pPoolSizes = size
      try context.check(vkCreateDescriptorPool(context.handle, &info, nil, &descriptors), "making a descriptor pool")
    }
  }

  deinit {
    vkDestroyDescriptorPool(context.handle, descriptors, nil)
    vkDestroyFence(context.handle, fence, nil)
    vkDestroyCommandPool(context.handle, pool, nil)
  }

  /// Empties the slot and starts recording; the last submission must be complete.
  func begin() throws -> VkCommandBuffer {
    guard let buffer else {
      throw BackendError.deviceFailure(backend: familyName, reason: "there is no command buffer")
    }
    try context.check(vkResetCommandPool(context.handle, pool, 0), "resetting a command pool")
    try context.check(vkResetDescriptorPool(context.handle, descriptors, 0), "resetting a descriptor pool")
    var info = VkCommandBufferBeginInfo()
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO
    info.flags =
      isReusable
      ? VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT.rawValue : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT.rawValue
    try context.check(vkBeginCommandBuffer(buffer, &info), "recording")
    return buffer
  }

  /// The timestamps of its commands.
  func makeTimestamps() throws -> Timestamps {
    if let timestamps { return timestamps }
    let made = try Timestamps(context: context)
    timestamps = made
    return made
  }

  /// Ends recording.
  func end() throws { try context.check(vkEndCommandBuffer(buffer), "recording") }

  /// Hands the commands to the device.
  ///
  /// - Parameter withFence: whether ``wait()`` is to wait for them, and for all that was submitted before.
  func submit(withFence: Bool) throws {
    if withFence { try context.check(vkResetFences(context.handle, 1, &fence), "resetting a fence") }
    let result = withUnsafePointer(to: &buffer) { buffer in
      if context.health.isLostAtNextSubmission() { return VK_ERROR_DEVICE_LOST }
      var info = VkSubmitInfo()
      info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO
      info.commandBufferCount = 1
      info.pCommandBuffers = buffer
      return vkQueueSubmit(context.queue, 1, &info, withFence ? fence : nil)
    }
    try context.check(result, "submitting work")
  }

  func wait() throws {
    let result =
      context.health.isDue(.waiting)
      ? VK_ERROR_DEVICE_LOST : vkWaitForFences(context.handle, 1, &fence, VK_TRUE, UInt64.max)
    try context.check(result, "waiting for the device")
  }

  /// A descriptor set over the given buffers.
  func descriptorSet(_ layout: VkDescriptorSetLayout, _ buffers: [VkDescriptorBufferInfo]) throws -> VkDescriptorSet? {
    var set: VkDescriptorSet?
    var layout: VkDescriptorSetLayout? = layout
    try withUnsafePointer(to: &layout) { layout in
      var info = VkDescriptorSetAllocateInfo()
      info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO
      info.descriptorPool = descriptors
      info.descriptorSetCount = 1
      info.pSetLayouts = layout
      try context.check(vkAllocateDescriptorSets(context.handle, &info, &set), "allocating descriptors")
    }
    buffers.withUnsafeBufferPointer { buffers in
      var write = VkWriteDescriptorSet()
      write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET
      write.dstSet = set
      write.descriptorCount = UInt32(buffers.count)
      write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
      write.pBufferInfo = buffers.baseAddress
      vkUpdateDescriptorSets(context.handle, 1, &write, 0, nil)
    }
    return set
  }
}
