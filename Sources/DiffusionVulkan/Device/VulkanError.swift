// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// The family's name, with which errors begin.
let familyName = "vulkan"

/// Throws if a Vulkan call did not succeed.
func check(_ result: VkResult, _ action: String) throws {
  guard result.rawValue < 0 else { return }
  throw BackendError.deviceFailure(backend: familyName, reason: "\(action) failed: \(describe(result))")
}

/// A result in words, for the results that occur.
func describe(_ result: VkResult) -> String {
  switch result {
  case VK_ERROR_OUT_OF_HOST_MEMORY: "out of host memory"
  case VK_ERROR_OUT_OF_DEVICE_MEMORY: "out of device memory"
  case VK_ERROR_INITIALIZATION_FAILED: "initialisation failed"
  case VK_ERROR_DEVICE_LOST: "the device was lost (a hang, a reset, or the driver's time limit)"
  case VK_ERROR_MEMORY_MAP_FAILED: "memory could not be mapped"
  case VK_ERROR_LAYER_NOT_PRESENT: "a layer is not installed"
  case VK_ERROR_EXTENSION_NOT_PRESENT: "an extension is missing"
  case VK_ERROR_FEATURE_NOT_PRESENT: "a feature is missing"
  case VK_ERROR_INCOMPATIBLE_DRIVER: "no driver is installed"
  case VK_ERROR_TOO_MANY_OBJECTS: "too many objects"
  default: "Vulkan error \(result.rawValue)"
  }
}

/// Calls `body` with C copies of strings.
func withCStrings<R>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UInt32) throws -> R
) rethrows -> R {
  let copies = strings.map { string in
    let bytes = Array(string.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  return try copies.map { UnsafePointer($0) as UnsafePointer<CChar>? }.withUnsafeBufferPointer {
    try body($0.baseAddress, UInt32($0.count))
  }
}

/// The text in a fixed array of C characters, which Swift sees as a tuple.
func text<T>(_ tuple: T) -> String {
  withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// Vulkan's two calls for a list: one for the count, one for the elements.
func enumerated<T>(
  _ blank: T, _ action: String, _ call: (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<T>?) -> VkResult
) throws -> [T] {
  var count: UInt32 = 0
  try check(call(&count, nil), action)
  if count == 0 { return [] }
  var elements = [T](repeating: blank, count: Int(count))
  try check(call(&count, &elements), action)
  return Array(elements.prefix(Int(count)))
}
