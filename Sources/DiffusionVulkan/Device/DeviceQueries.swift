// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// Lets a device of Vulkan 1.1 or later fill a structure of properties whose `sType` is set.
func readProperties<Structure>(_ structure: inout Structure, of device: VkPhysicalDevice) {
  withUnsafeMutablePointer(to: &structure) { structure in
    var all = VkPhysicalDeviceProperties2()
    all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2
    all.pNext = UnsafeMutableRawPointer(structure)
    vkGetPhysicalDeviceProperties2(device, &all)
  }
}

/// The same for a structure of features.
func readFeatures<Structure>(_ structure: inout Structure, of device: VkPhysicalDevice) {
  withUnsafeMutablePointer(to: &structure) { structure in
    var all = VkPhysicalDeviceFeatures2()
    all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2
    all.pNext = UnsafeMutableRawPointer(structure)
    vkGetPhysicalDeviceFeatures2(device, &all)
  }
}
