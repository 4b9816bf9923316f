import DiffusionVulkan
import Glibc

/// The devices that the tests run on.
enum TestDevice {
  /// Whether there is any device; where there is none, tests are skipped and say so.
  static let exists: Bool = {
    do { return try VulkanDevice.all.contains { $0.obstacle == nil } } catch { return false }
  }()

  static let skipReason = "no usable Vulkan device: install a driver, for example mesa-vulkan-drivers (lavapipe)"

  /// A backend with the validation layer on, unless `IRODORI_VULKAN_VALIDATION` is 0. `IRODORI_VULKAN_DEVICE` chooses
  /// the device.
  static func makeBackend() throws -> VulkanBackend {
    try VulkanBackend(environment("IRODORI_VULKAN_DEVICE"), options: options)
  }

  /// The options of that backend.
  static var options: VulkanBackend.Options {
    var options = VulkanBackend.Options()
    options.validation = environment("IRODORI_VULKAN_VALIDATION") != "0"
    return options
  }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
