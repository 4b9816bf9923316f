// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Synchronization

/// Makes pipelines when they are first asked for: a shader with its specialisation constants.
final class PipelineCache: @unchecked Sendable {
  // Sendable: the tables are touched under the lock only; pipelines do not change.
  struct Pipeline {
    let handle: VkPipeline
    let layout: VkPipelineLayout
    let setLayout: VkDescriptorSetLayout
  }

  private struct Key: Hashable {
    let kernel: Kernel
    let constants: [UInt32]
  }

  /// All kernels share one layout: so many storage buffers, and the push constants that every device has.
  static let bindingCount = 6
  static let pushByteCount = 128

  private let context: DeviceContext
  private let lock = Mutex(())
  private var modules: [Kernel: VkShaderModule] = [:]
  private var pipelines: [Key: VkPipeline] = [:]
  private let setLayout: VkDescriptorSetLayout
  private let layout: VkPipelineLayout
  /// Where compiled shaders are kept between runs, if they are.
  private let store: PipelineStore?
  /// The driver's collection of them; without one everything is compiled.
  private let driverCache: VkPipelineCache?
  /// Whether pipelines were made of which the file may not know.
  private var hasNewPipelines = false
  /// Of what the file holds.
  private var savedChecksum: UInt64

  /// - Parameter folder: where compiled shaders are kept between runs; nil to keep none.
  init(context: DeviceContext, folder: String?) throws {
    self.context = context
    let bindings = (0..<Self.bindingCount).map { index in
      var binding = VkDescriptorSetLayoutBinding()
      binding.binding = UInt32(index)
      binding.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
      binding.descriptorCount = 1
      binding.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT.rawValue
      return binding
    }
    var setLayout: VkDescriptorSetLayout?
    try bindings.withUnsafeBufferPointer { bindings in
      var info = VkDescriptorSetLayoutCreateInfo()
      info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO
      info.bindingCount = UInt32(bindings.count)
      info.pBindings = bindings.baseAddress
      try context.check(
        vkCreateDescriptorSetLayout(context.handle, &info, nil, &setLayout), "making a descriptor layout")
    }
    var layout: VkPipelineLayout?
    var range = VkPushConstantRange()
    range.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT.rawValue
    range.size = UInt32(Self.pushByteCount)
    let result = withUnsafePointer(to: &setLayout) { setLayouts in
      withUnsafePointer(to: &range) { range in
        var info = VkPipelineLayoutCreateInfo()
        info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO
        info.setLayoutCount = 1
        info.pSetLayouts = setLayouts
        info.pushConstantRangeCount = 1
        info.pPushConstantRanges = range
        return vkCreatePipelineLayout(context.handle, &info, nil, &layout)
      }
    }
    if result.rawValue < 0 { vkDestroyDescriptorSetLayout(context.handle, setLayout, nil) }
    try context.check(result, "making a pipeline layout")
    guard let setLayout, let layout else {
      throw BackendError.deviceFailure(backend: familyName, reason: "the driver made no pipeline layout")
    }
    self.setLayout = setLayout
    self.layout = layout
    store = folder.map { PipelineStore(folder: $0, key: PipelineStore.Key(context.physical.properties)) }
    let stored = store?.load() ?? []
    savedChecksum = PipelineStore.checksum(stored)
    driverCache = store.flatMap { _ in
      // A driver may dislike what passed our own checks: then it starts empty.
      Self.makeDriverCache(context, stored) ?? Self.makeDriverCache(context, [])
    }
  }

  private static func makeDriverCache(_ context: DeviceContext, _ content: [UInt8]) -> VkPipelineCache? {
    var cache: VkPipelineCache?
    let result = content.withUnsafeBytes { content in
      var info = VkPipelineCacheCreateInfo()
      info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO
      info.initialDataSize = content.count
      info.pInitialData = content.isEmpty ? nil : content.baseAddress
      return vkCreatePipelineCache(context.handle, &info, nil, &cache)
    }
    return result == VK_SUCCESS ? cache : nil
  }

  /// Writes what was compiled to the file, if there is anything new.
  func save() {
    lock.withLock { _ in
      guard hasNewPipelines, let store, let driverCache else { return }
      hasNewPipelines = false
      var count = 0
      guard vkGetPipelineCacheData(context.handle, driverCache, &count, nil) == VK_SUCCESS else { return }
      var content = [UInt8](repeating: 0, count: count)
      guard vkGetPipelineCacheData(context.handle, driverCache, &count, &content) == VK_SUCCESS else { return }
      content.removeLast(content.count - count)
      let checksum = PipelineStore.checksum(content)
      if checksum != savedChecksum { store.save(content) }
      savedChecksum = checksum
    }
  }

  deinit {
    save()
    vkDestroyPipelineCache(context.handle, driverCache, nil)
    for pipeline in pipelines.values { vkDestroyPipeline(context.handle, pipeline, nil) }
    for module in modules.values { vkDestroyShaderModule(context.handle, module, nil) }
    vkDestroyPipelineLayout(context.handle, layout, nil)
    vkDestroyDescriptorSetLayout(context.handle, setLayout, nil)
  }

  /// The pipeline of a kernel.
  ///
  /// - Parameter constants: the values of the specialisation constants 0, 1, ...
  func pipeline(_ kernel: Kernel, _ constants: [UInt32]) throws -> Pipeline {
    let handle = try lock.withLock { _ in
      let key = Key(kernel: kernel, constants: constants)
      if let pipeline = pipelines[key] { return pipeline }
      let pipeline = try makePipeline(kernel, constants)
      pipelines[key] = pipeline
      hasNewPipelines = true
      return pipeline
    }
    return Pipeline(handle: handle, layout: layout, setLayout: setLayout)
  }

  /// Whether the driver takes a shader for its matrix units; another tier serves where it does not, whatever it says.
  func accepts(_ products: MatrixProducts) -> Bool {
    (try? pipeline(.matmulMatrix, products.constants(tile: 64, out: .f16, upsampling: 1).words)) != nil
  }

  private func module(_ kernel: Kernel) throws -> VkShaderModule {
    if let module = modules[kernel] { return module }
    guard let code = words(base64: kernel.binary) else {
      throw BackendError.deviceFailure(backend: familyName, reason: "the shader \(kernel) was embedded badly")
    }
    var module: VkShaderModule?
    try code.withUnsafeBytes { code in
      var info = VkShaderModuleCreateInfo()
      info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO
      info.codeSize = code.count
      info.pCode = code.bindMemory(to: UInt32.self).baseAddress
      try context.check(vkCreateShaderModule(context.handle, &info, nil, &module), "loading the shader \(kernel)")
    }
    guard let module else {
      throw BackendError.deviceFailure(backend: familyName, reason: "the driver took no shader \(kernel)")
    }
    modules[kernel] = module
    return module
  }

  private func makePipeline(_ kernel: Kernel, _ constants: [UInt32]) throws -> VkPipeline {
    let module = try module(kernel)
    let entries = constants.indices.map {
      VkSpecializationMapEntry(constantID: UInt32($0), offset: UInt32($0 * 4), size: 4)
    }
    var pipeline: VkPipeline?
    let features = context.physical.kernelFeatures
    var subgroupSize = VkPipelineShaderStageRequiredSubgroupSizeCreateInfo()
    subgroupSize.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO
    subgroupSize.requiredSubgroupSize = UInt32(features.subgroupSize)
    let demandsFullSubgroups = kernel.countsOnFullSubgroups && features.canDemandFullSubgroups
    let result = constants.withUnsafeBytes { data in
      entries.withUnsafeBufferPointer { entries in
        var specialization = VkSpecializationInfo(
          mapEntryCount: UInt32(entries.count), pMapEntries: entries.baseAddress, dataSize: data.count,
          pData: data.baseAddress)
        return withUnsafePointer(to: &specialization) { specialization in
          withUnsafeMutablePointer(to: &subgroupSize) { subgroupSize in
            "main".withCString { name in
              var info = VkComputePipelineCreateInfo()
              info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO
              info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO
              info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT
              info.stage.module = module
              info.stage.pName = name
              info.stage.pSpecializationInfo = specialization
              if demandsFullSubgroups {
                info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT.rawValue
                info.stage.pNext = UnsafeRawPointer(subgroupSize)
              }
              info.layout = layout
              return vkCreateComputePipelines(context.handle, driverCache, 1, &info, nil, &pipeline)
            }
          }
        }
      }
    }
    try context.check(result, "compiling the shader \(kernel)")
    guard let pipeline else {
      throw BackendError.deviceFailure(backend: familyName, reason: "the driver made no pipeline of \(kernel)")
    }
    return pipeline
  }
}
