// SPDX-License-Identifier: Apache-2.0

import CVulkan
import Synchronization

/// What the validation layer reported, in order.
final class ValidationMessages: Sendable {
  private let collected = Mutex<[String]>([])

  var all: [String] { collected.withLock { $0 } }

  func append(_ message: String) { collected.withLock { $0.append(message) } }

  /// Describes a messenger that reports to this object, which must outlive it.
  var messengerInfo: VkDebugUtilsMessengerCreateInfoEXT {
    var info = VkDebugUtilsMessengerCreateInfoEXT()
    info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT
    info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT.rawValue | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT.rawValue
    info.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT.rawValue
      | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT.rawValue
    info.pUserData = Unmanaged.passUnretained(self).toOpaque()
    info.pfnUserCallback = { _, _, data, user in
      if let user, let message = data?.pointee.pMessage {
        Unmanaged<ValidationMessages>.fromOpaque(user).takeUnretainedValue().append(String(cString: message))
      }
      return VK_FALSE
    }
    return info
  }
}
