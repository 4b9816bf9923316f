#pragma once
#include <vulkan/vulkan.h>

// Swift does not import function-like macros, nor casts of string literals: these are their twins.
static const uint32_t cvk_api_version_1_1 = VK_API_VERSION_1_1;
static const uint32_t cvk_api_version_1_2 = VK_API_VERSION_1_2;
static inline uint32_t cvk_version_major(uint32_t version) { return VK_API_VERSION_MAJOR(version); }
static inline uint32_t cvk_version_minor(uint32_t version) { return VK_API_VERSION_MINOR(version); }
static inline uint32_t cvk_version_patch(uint32_t version) { return VK_API_VERSION_PATCH(version); }

// The debug messenger belongs to an extension, so its functions must be asked for.
static inline VkResult cvk_create_messenger(
    VkInstance instance, const VkDebugUtilsMessengerCreateInfoEXT *info, VkDebugUtilsMessengerEXT *messenger) {
  PFN_vkCreateDebugUtilsMessengerEXT function =
      (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT");
  return function ? function(instance, info, 0, messenger) : VK_ERROR_EXTENSION_NOT_PRESENT;
}
