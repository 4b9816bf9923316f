// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// A device that Vulkan knows, and what it offers.
public struct VulkanDevice: Sendable, CustomStringConvertible {
  /// What sort of machine a device is.
  public enum Kind: Int, Sendable {
    /// A graphics card with its own memory.
    case discrete
    /// A graphics processor that shares the host's memory.
    case integrated
    /// A part of a device, lent by a hypervisor.
    case virtual
    /// An implementation in software.
    case cpu
    /// Anything else.
    case other
  }

  /// The position in ``all``, by which `vulkan:N` chooses it.
  public let index: Int
  /// The driver's name for the device.
  public let name: String
  /// What sort of machine it is.
  public let kind: Kind
  /// The size of its own memory in bytes.
  public let memoryByteCount: Int
  /// The version of Vulkan that it implements, such as `1.3.230`.
  public let apiVersion: String
  /// How many invocations run in step, 0 if unknown.
  public let subgroupSize: Int
  /// The memory that a group of invocations shares, in bytes.
  public let sharedMemoryByteCount: Int
  /// Whether it has matrix units that Vulkan can reach (`VK_KHR_cooperative_matrix` or its forerunner by NVIDIA).
  public let hasCooperativeMatrix: Bool
  /// Why this backend cannot use it, nil if it can.
  public let obstacle: String?

  let physical: PhysicalDevice

  /// The tier of kernels that it gets if nothing else is asked for.
  public var tier: VulkanTier {
    let highest = physical.kernelFeatures.tier
    return physical.prefersMatrixUnits ? highest : min(highest, .subgroup)
  }

  /// What this process may still take of the device's own memory, as its driver says; nil if it does not.
  public var freeMemoryByteCount: Int? { physical.deviceHeap.flatMap { physical.remainingByteCount(heap: $0) } }

  /// All devices, in the loader's order.
  ///
  /// - Throws: `BackendError.deviceFailure` if no Vulkan driver is installed.
  public static var all: [VulkanDevice] {
    get throws { try all(on: VulkanInstance.shared(validation: false)) }
  }

  static func all(on instance: VulkanInstance) throws -> [VulkanDevice] {
    try enumerated(nil as VkPhysicalDevice?, "listing devices") {
      vkEnumeratePhysicalDevices(instance.handle, $0, $1)
    }.compactMap { $0 }.enumerated().map { index, handle in
      VulkanDevice(index: index, physical: try PhysicalDevice(handle: handle, instance: instance))
    }
  }

  private init(index: Int, physical: PhysicalDevice) {
    self.index = index
    self.physical = physical
    let properties = physical.properties
    name = text(properties.deviceName)
    kind =
      switch properties.deviceType {
      case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: .discrete
      case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: .integrated
      case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: .virtual
      case VK_PHYSICAL_DEVICE_TYPE_CPU: .cpu
      default: .other
      }
    memoryByteCount = physical.deviceMemoryByteCount
    let version = properties.apiVersion
    apiVersion = "\(cvk_version_major(version)).\(cvk_version_minor(version)).\(cvk_version_patch(version))"
    subgroupSize = physical.kernelFeatures.subgroupSize
    sharedMemoryByteCount = Int(properties.limits.maxComputeSharedMemorySize)
    hasCooperativeMatrix = physical.extensions.contains { $0.hasSuffix("_cooperative_matrix") }
    obstacle = physical.obstacle
  }

  /// One line: position, name, kind, memory, version and what kernels can use.
  public var description: String {
    var facts = ["\(kind)", "\(memoryByteCount >> 20) MiB"]
    if let free = freeMemoryByteCount { facts.append("\(free >> 20) MiB free") }
    facts += ["Vulkan \(apiVersion)", "tier \(tier)", "subgroups of \(subgroupSize)"]
    if hasCooperativeMatrix { facts.append("cooperative matrices") }
    return "\(index): \(name) (\(facts.joined(separator: ", ")))\(obstacle.map { ", unusable: \($0)" } ?? "")"
  }

  /// The device that a selector means: nil for the best one, a position, or a part of one device's name in any case.
  ///
  /// - Throws: `BackendError.unknownBackend` if there is none or more than one, `BackendError.deviceFailure` if it
  ///   cannot be used.
  static func selected(_ selector: String?, on instance: VulkanInstance) throws -> VulkanDevice {
    let devices = try all(on: instance)
    if devices.isEmpty {
      throw BackendError.deviceFailure(backend: familyName, reason: "there is no Vulkan device")
    }
    let candidates = selector.map { Self.candidates($0, among: devices) } ?? devices
    let usable = candidates.filter { $0.obstacle == nil }
    if let best = usable.min(by: { ($0.kind.rawValue, $0.index) < ($1.kind.rawValue, $1.index) }),
      selector == nil || usable.count == 1
    {
      return best
    }
    if let first = candidates.first, let obstacle = first.obstacle {
      throw BackendError.deviceFailure(backend: familyName, reason: "\(first.name) cannot be used: \(obstacle)")
    }
    // One of several that the name fits would be a guess; the numbers are unambiguous.
    throw BackendError.unknownBackend(
      name: "\(familyName):\(selector ?? "")", known: devices.map { "\(familyName):\($0.index) (\($0.name))" })
  }

  /// The devices that a position or a part of a name fits; a whole name fits no other.
  package static func candidates(_ selector: String, among devices: [VulkanDevice]) -> [VulkanDevice] {
    if let index = Int(selector) { return devices.filter { $0.index == index } }
    let wanted = selector.lowercased()
    if wanted.isEmpty { return [] }
    let exact = devices.filter { $0.name.lowercased() == wanted }
    return exact.isEmpty ? devices.filter { $0.name.lowercased().contains(wanted) } : exact
  }
}
