// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// The shape of the matrices that a device's units multiply: `rows x inner` by `inner x columns`, f16 in, f32 out.
package struct MatrixShape: Sendable, Hashable {
  let rows: Int
  let columns: Int
  let inner: Int

  package init(rows: Int, columns: Int, inner: Int) { (self.rows, self.columns, self.inner) = (rows, columns, inner) }

  static let extensionName = "VK_KHR_cooperative_matrix"

  /// Whether the kernels can use it: it divides a quarter of their smallest tile, runs of the inner extent, and words
  /// of 16 bytes (`Shaders/matrix/product_matrix.glsl`).
  var isUsable: Bool {
    [8, 16].contains(rows) && [8, 16, 32].contains(columns) && [8, 16, 32].contains(inner)
  }

  /// The shape to use of a device, nil if it offers none, or not all that the kernels need beside it.
  ///
  /// - Parameter physical: a device of Vulkan 1.2 or later, which SPIR-V 1.5 needs.
  static func best(of physical: VkPhysicalDevice, instance: VkInstance, extensions: [String]) throws -> MatrixShape? {
    guard extensions.contains(extensionName), hasFeatures(physical), offersCompute(physical) else { return nil }
    var blank = CVKCooperativeMatrixProperties()
    blank.sType = CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES
    let shapes = try enumerated(blank, "listing shapes of matrices") {
      cvk_cooperative_matrix_properties(instance, physical, $0, $1)
    }
    let fitting = shapes.filter {
      $0.AType == CVK_COMPONENT_TYPE_FLOAT16 && $0.BType == CVK_COMPONENT_TYPE_FLOAT16
        && $0.CType == CVK_COMPONENT_TYPE_FLOAT32 && $0.ResultType == CVK_COMPONENT_TYPE_FLOAT32
        && $0.scope == CVK_SCOPE_SUBGROUP && $0.saturatingAccumulation == VK_FALSE
    }
    return best(of: fitting.map { MatrixShape(rows: Int($0.MSize), columns: Int($0.NSize), inner: Int($0.KSize)) })
  }

  /// The shape to use of those that a device offers: the most work a multiplication, of equal ones the squarest.
  package static func best(of shapes: [MatrixShape]) -> MatrixShape? {
    shapes.filter(\.isUsable).max {
      ($0.rows * $0.columns * $0.inner, -$0.columns) < ($1.rows * $1.columns * $1.inner, -$1.columns)
    }
  }

  /// Matrices, the memory model that they require, and 16-bit values in registers.
  private static func hasFeatures(_ physical: VkPhysicalDevice) -> Bool {
    withFeatures(enabled: false) { first, read in
      var all = VkPhysicalDeviceFeatures2()
      all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2
      all.pNext = first
      vkGetPhysicalDeviceFeatures2(physical, &all)
      return read()
    }
  }

  private static func offersCompute(_ physical: VkPhysicalDevice) -> Bool {
    var stages = CVKCooperativeMatrixDeviceProperties()
    stages.sType = CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_DEVICE_PROPERTIES
    readProperties(&stages, of: physical)
    return stages.cooperativeMatrixSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT.rawValue != 0
  }

  /// Calls `body` with a chain of the structures of all features that matrices need, and with a function that says
  /// whether all of them are set.
  static func withFeatures<R>(
    enabled: Bool, next: UnsafeMutableRawPointer? = nil, _ body: (UnsafeMutableRawPointer, () -> Bool) -> R
  ) -> R {
    let value = enabled ? VK_TRUE : VK_FALSE
    var matrices = CVKCooperativeMatrixFeatures()
    matrices.sType = CVK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FEATURES
    matrices.cooperativeMatrix = UInt32(value)
    matrices.pNext = next
    var model = VkPhysicalDeviceVulkanMemoryModelFeatures()
    model.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES
    model.vulkanMemoryModel = UInt32(value)
    var short = VkPhysicalDeviceShaderFloat16Int8Features()
    short.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES
    short.shaderFloat16 = UInt32(value)
    return withUnsafeMutablePointer(to: &matrices) { matrices in
      withUnsafeMutablePointer(to: &model) { model in
        withUnsafeMutablePointer(to: &short) { short in
          model.pointee.pNext = UnsafeMutableRawPointer(matrices)
          short.pointee.pNext = UnsafeMutableRawPointer(model)
          return body(UnsafeMutableRawPointer(short)) {
            matrices.pointee.cooperativeMatrix != 0 && model.pointee.vulkanMemoryModel != 0
              && short.pointee.shaderFloat16 != 0
          }
        }
      }
    }
  }
}
