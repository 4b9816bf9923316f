// SPDX-License-Identifier: Apache-2.0

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

// VK_KHR_cooperative_matrix (revision 2), which older headers do not have: its structures under names of our own.
#define CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FEATURES 1000506000
#define CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES 1000506001
#define CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_DEVICE_PROPERTIES 1000506002
#define CVK_COMPONENT_TYPE_FLOAT16 0
#define CVK_COMPONENT_TYPE_FLOAT32 1
#define CVK_SCOPE_SUBGROUP 3

typedef struct CVKCooperativeMatrixFeatures {
  int32_t sType;
  void *pNext;
  VkBool32 cooperativeMatrix;
  VkBool32 cooperativeMatrixRobustBufferAccess;
} CVKCooperativeMatrixFeatures;

// Which stages may use matrices.
typedef struct CVKCooperativeMatrixDeviceProperties {
  int32_t sType;
  void *pNext;
  VkShaderStageFlags cooperativeMatrixSupportedStages;
} CVKCooperativeMatrixDeviceProperties;

// A shape that a device multiplies: M x K by K x N.
typedef struct CVKCooperativeMatrixProperties {
  int32_t sType;
  void *pNext;
  uint32_t MSize;
  uint32_t NSize;
  uint32_t KSize;
  int32_t AType;
  int32_t BType;
  int32_t CType;
  int32_t ResultType;
  VkBool32 saturatingAccumulation;
  int32_t scope;
} CVKCooperativeMatrixProperties;

// The shapes of a device, by the rules of Vulkan's other lists; none where the loader does not know the question.
static inline VkResult cvk_cooperative_matrix_properties(
    VkInstance instance, VkPhysicalDevice device, uint32_t *count, CVKCooperativeMatrixProperties *properties) {
  typedef VkResult(VKAPI_PTR * Function)(VkPhysicalDevice, uint32_t *, CVKCooperativeMatrixProperties *);
  Function function = (Function)vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  if (function) return function(device, count, properties);
  *count = 0;
  return VK_SUCCESS;
}
