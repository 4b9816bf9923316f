// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import DiffusionVulkan
import TestSupport

/// What a tape computes on where gradients are compared with recorded ones.
enum GradientBackend: Sendable {
  case cpu
  /// The first device that can be used, with its own kernels and the validation layer on.
  case vulkan

  /// The Vulkan device where there is one; none where no driver is installed.
  static let others: [GradientBackend] = {
    do { return try VulkanDevice.all.contains { $0.obstacle == nil } ? [.vulkan] : [] } catch { return [] }
  }()

  func make(threads: Int = 2) throws -> any Backend {
    switch self {
    case .cpu: return try CPUBackend(threads: threads)
    case .vulkan:
      var options = VulkanBackend.Options()
      options.validation = true
      // Tests leave nothing in the user's folders.
      options.pipelineFolder = nil
      return try VulkanBackend(options: options)
    }
  }
}

/// A set of recordings, a memory of the tape, and what computes.
struct GradientSetting: Sendable, CustomStringConvertible {
  var set = GoldenSet.own
  var memory = TapeMemory.kept
  var backend = GradientBackend.cpu

  var description: String { "\(set), \(memory), \(backend)" }

  /// Every set on the processor with each memory, and the package's own on a device.
  static func all(memories: [TapeMemory]) -> [GradientSetting] {
    GoldenSet.all.flatMap { set in memories.map { GradientSetting(set: set, memory: $0) } } + onDevices
  }

  static var onDevices: [GradientSetting] { GradientBackend.others.map { GradientSetting(backend: $0) } }
}
