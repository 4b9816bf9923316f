// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Glibc
import Synchronization

/// The connection to the Vulkan loader. There is one for each setting, and it stays until the program ends.
package final class VulkanInstance: @unchecked Sendable {
  // Sendable: the handle is never changed or destroyed, and enumerating devices needs no lock.
  let handle: VkInstance
  /// Set if the validation layer is on.
  let messages: ValidationMessages?
  private let messenger: VkDebugUtilsMessengerEXT?

  private static let instances = Mutex<[Bool: VulkanInstance]>([:])
  private static let validationLayer = "VK_LAYER_KHRONOS_validation"

  static func shared(validation: Bool) throws -> VulkanInstance {
    try instances.withLock { instances in
      if let instance = instances[validation] { return instance }
      let instance = try VulkanInstance(validation: validation)
      instances[validation] = instance
      return instance
    }
  }

  /// A connection of its own; use `shared(validation:)`, since it is never closed.
  package init(validation: Bool) throws {
    if validation, try !Self.hasLayer(Self.validationLayer) {
      throw BackendError.deviceFailure(
        backend: familyName, reason: "\(Self.validationLayer) is not installed (vulkan-validationlayers on Debian)")
    }
    let messages = validation ? ValidationMessages() : nil
    self.messages = messages
    handle = try Self.makeInstance(messages)
    var messenger: VkDebugUtilsMessengerEXT?
    if let messages {
      var info = messages.messengerInfo
      try check(cvk_create_messenger(handle, &info, &messenger), "creating a debug messenger")
    }
    self.messenger = messenger
  }

  private static func makeInstance(_ messages: ValidationMessages?) throws -> VkInstance {
    var application = VkApplicationInfo()
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO
    application.apiVersion = cvk_api_version_1_2
    let layers = messages == nil ? [] : [validationLayer]
    let extensions = messages == nil ? [] : ["VK_EXT_debug_utils", "VK_EXT_validation_features"]
    var instance: VkInstance?
    // Hazards between dispatches are what this backend can get wrong without a wrong result on this machine.
    let enabled = [VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT]
    // Newer layers look at what shaders access only if they are told to.
    if messages != nil { setenv("VK_LAYER_SYNCVAL_SHADER_ACCESSES_HEURISTIC", "1", 0) }
    let result = withCStrings(layers) { layerNames, layerCount in
      withCStrings(extensions) { extensionNames, extensionCount in
        enabled.withUnsafeBufferPointer { enabled in
          var features = VkValidationFeaturesEXT()
          features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT
          features.enabledValidationFeatureCount = UInt32(enabled.count)
          features.pEnabledValidationFeatures = enabled.baseAddress
          return withUnsafePointer(to: &application) { application in
            withUnsafePointer(to: &features) { features in
              var info = VkInstanceCreateInfo()
              info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO
              info.pNext = messages == nil ? nil : UnsafeRawPointer(features)
              info.pApplicationInfo = application
              info.enabledLayerCount = layerCount
              info.ppEnabledLayerNames = layerNames
              info.enabledExtensionCount = extensionCount
              info.ppEnabledExtensionNames = extensionNames
              return vkCreateInstance(&info, nil, &instance)
            }
          }
        }
      }
    }
    try check(result, "starting Vulkan")
    guard let instance else {
      throw BackendError.deviceFailure(backend: familyName, reason: "the loader made no instance")
    }
    return instance
  }

  private static func hasLayer(_ name: String) throws -> Bool {
    try enumerated(VkLayerProperties(), "listing layers") { vkEnumerateInstanceLayerProperties($0, $1) }
      .contains { text($0.layerName) == name }
  }
}
