// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// The bytes of a buffer that an operand touches, as they are bound to a shader.
struct Window {
  let buffer: VulkanBuffer
  /// Bytes of the block's Vulkan buffer; begins at a multiple of what the device asks for.
  let range: Range<Int>
  /// The operand's first element, counted from the window's start.
  let elementOffset: Int

  /// - Throws: `BackendError.deviceFailure` if the device cannot bind that many bytes at once.
  init(_ operand: Operand, on context: DeviceContext) throws {
    guard let buffer = operand.buffer as? VulkanBuffer else {
      preconditionFailure("a tensor of another backend was given to the Vulkan backend")
    }
    let view = operand.view
    var (lowest, highest) = (view.offset, view.offset)
    if view.shape.elementCount > 0 {
      for (extent, stride) in zip(view.shape.extents, view.strides) {
        let reach = (extent - 1) * stride
        if reach < 0 { lowest += reach } else { highest += reach }
      }
    } else {
      // Nothing is read or written, but a shader may still want something bound.
      (lowest, highest) = (0, 0)
    }
    let width = operand.dtype.byteWidth
    let capacity = buffer.range.count
    precondition(lowest >= 0 && (highest + 1) * width <= capacity, "an operand reaches beyond its buffer")
    let alignment = max(MemoryPool.alignment, Int(context.limits.minStorageBufferOffsetAlignment))
    let first = lowest * width / alignment * alignment
    let end = min(((highest + 1) * width + 3) / 4 * 4, capacity)
    let limit = min(Int(context.limits.maxStorageBufferRange), 1 << 32)
    guard end - first <= limit else {
      throw BackendError.deviceFailure(
        backend: familyName,
        reason: "an operand of \(view.shape) spans \(end - first) bytes; \(context.description.name) binds at most "
          + "\(limit) at once: choose a smaller size or batch")
    }
    self.buffer = buffer
    range = buffer.range.lowerBound + first..<buffer.range.lowerBound + end
    elementOffset = view.shape.elementCount > 0 ? view.offset - first / width : 0
  }
}
