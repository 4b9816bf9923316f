// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import Foundation

/// What the figures were taken on.
struct Machine: Encodable, CustomStringConvertible {
  let processor: String
  let memoryGiB: Double
  let system: String
  let backend: String
  /// The instruction set of the processor's kernels, or the name of the device.
  let device: String
  /// The threads that the backend computes with; on a device, the processors of its host.
  let threads: Int

  init(backend: any Backend) {
    let information = ProcessInfo.processInfo
    processor = Self.processorName
    memoryGiB = Double(information.physicalMemory) / 1_073_741_824
    system = information.operatingSystemVersionString
    self.backend = backend.name
    switch backend {
    case let cpu as CPUBackend:
      device = cpu.instructionSet
      threads = cpu.threadCount
    case let vulkan as VulkanBackend:
      device = vulkan.device.name
      threads = information.activeProcessorCount
    default:
      device = backend.name
      threads = information.activeProcessorCount
    }
  }

  private static var processorName: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }

  var description: String {
    "\(processor), \(Console.number(memoryGiB, 0)) GiB, \(system); backend \(backend) (\(device)), \(threads) threads"
  }
}
