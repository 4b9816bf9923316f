// SPDX-License-Identifier: Apache-2.0

import Glibc
import CVulkan
import DiffusionCore
import DiffusionShaders
import Synchronization

/// A Vulkan device: records compute shaders and waits only when something is read back.
///
/// Storage in any element type, arithmetic in `f32`. Needs Vulkan 1.1 with 16-bit storage. Safe to use from several
/// threads; calls run in the order in which they are made.
public final class VulkanBackend: Backend {
  /// The device's name in the registry, for example `vulkan:0`.
  public let name: String
  /// The device.
  public let device: VulkanDevice
  /// What its kernels use of the device.
  public let tier: VulkanTier
  public let storageType: DType
  package let context: DeviceContext
  package let memory: MemoryPool
  let pipelines: PipelineCache
  let recorder: Recorder
  /// The recordings that someone may still replay.
  let recordings = Mutex<[WeakRecording]>([])
  let replaysRecordings: Bool
  /// Set on devices in software.
  let laneProducts: LaneProducts?
  /// Set on devices with matrix units.
  let matrixProducts: MatrixProducts?
  let productPlan: ProductPlan
  let groupLimits: GroupLimits
  private let messages: ValidationMessages?

  /// How a backend is set up.
  public struct Options: Sendable {
    /// Whether Vulkan's validation layer watches every call, with the checks of synchronisation: slow, for tests.
    ///
    /// On by default if the environment variable `IRODORI_VULKAN_VALIDATION` is `1`.
    public var validation: Bool
    /// The most of the device's own memory to take, in bytes, for a device that is shared; nil for what is free.
    ///
    /// By default what the environment variable `IRODORI_VULKAN_MEMORY` says, in MiB.
    public var memoryLimit: Int?
    /// The highest tier of kernels to use; a device that offers less gets what it offers. Nil for the highest that is
    /// known to be worth it on that kind of device.
    ///
    /// By default what the environment variable `IRODORI_VULKAN_TIER` says (`portable`, `subgroup` or `matrix`).
    public var tier: VulkanTier?
    /// The element type in which parameters and the results of operations are stored; sums are always in `f32`.
    ///
    /// `f16` halves the memory, and lets the tier ``VulkanTier/matrix`` use its units, which take no other type.
    public var storageType: DType = .f32
    // What tests set, to run on a device in software what is meant for others.
    package var avoidsLanes = false
    package var emulatesMatrices = false
    package var wantedGroups: Int?
    package var mostGroups: Int?
    /// What happens to the device and when, by `IRODORI_VULKAN_FAULT`.
    package var fault: String?

    /// The folder in which compiled shaders outlast the program, nil to keep none. A file there that is damaged or of
    /// another driver is ignored, and so is a folder that cannot be written.
    ///
    /// By default `$XDG_CACHE_HOME/irodori` or `~/.cache/irodori`; none if the environment variable
    /// `IRODORI_VULKAN_CACHE` is `0`.
    public var pipelineFolder: String?
    /// Whether what is alike from step to step is recorded once and replayed.
    ///
    /// On by default, unless the environment variable `IRODORI_VULKAN_REPLAY` is `0`.
    public var replaysRecordings: Bool

    /// The defaults.
    public init() {
      func variable(_ name: String) -> String? { getenv("IRODORI_VULKAN_\(name)").map { String(cString: $0) } }
      validation = variable("VALIDATION") == "1"
      pipelineFolder = variable("CACHE") == "0" ? nil : PipelineStore.standardFolder
      replaysRecordings = variable("REPLAY") != "0"
      memoryLimit = variable("MEMORY").flatMap { Int($0) }.flatMap { (1...1 << 40).contains($0) ? $0 << 20 : nil }
      tier = variable("TIER").flatMap(VulkanTier.init)
      fault = variable("FAULT")
    }
  }

  /// Opens a device.
  ///
  /// - Parameter selector: a position in ``VulkanDevice/all`` or a part of a name; nil for the best device.
  /// - Throws: `BackendError` if there is no such device or it cannot be used.
  public convenience init(_ selector: String? = nil, options: Options = Options()) throws {
    try self.init(selector, on: VulkanInstance.shared(validation: options.validation), options: options)
  }

  package init(
    _ selector: String?, on instance: VulkanInstance, options: Options = Options(), ordersCommands: Bool = true
  ) throws {
    messages = instance.messages
    device = try VulkanDevice.selected(selector, on: instance)
    name = "\(familyName):\(device.index)"
    context = try DeviceContext(device, memoryLimit: options.memoryLimit ?? .max)
    if let fault = options.fault { context.health.cause(fault) }
    var tier = min(options.tier ?? device.tier, device.physical.kernelFeatures.tier)
    storageType = options.storageType
    productPlan = ProductPlan(device.kind, wantedGroups: options.wantedGroups)
    groupLimits = GroupLimits(context.limits, lowered: options.mostGroups)
    memory = MemoryPool(context: context)
    pipelines = try PipelineCache(context: context, folder: options.pipelineFolder)
    var matrixProducts = MatrixProducts(device, tier: tier, emulated: options.emulatesMatrices)
    if let products = matrixProducts, !products.isEmulated, !pipelines.accepts(products) {
      matrixProducts = nil
      tier = min(tier, .subgroup)
    }
    self.tier = tier
    self.matrixProducts = matrixProducts
    laneProducts = options.avoidsLanes ? nil : LaneProducts(device, tier: tier)
    replaysRecordings = options.replaysRecordings
    recorder = Recorder(context: context, ordersCommands: ordersCommands)
  }

  // Nothing of it may go while the device works, and after a failure nobody has waited.
  deinit { vkDeviceWaitIdle(context.handle) }

  /// Adds the family `vulkan` to a registry: `vulkan` for the best device, `vulkan:1` by position, `vulkan:NAME` by a
  /// part of the name.
  public static func register(in registry: BackendRegistry = .shared) {
    registry.register(familyName) { try VulkanBackend($0) }
  }

  /// What the validation layer has reported since the program began; empty without it.
  public var validationMessages: [String] { messages?.all ?? [] }

  /// What was recorded since ``resetStatistics()``.
  public var statistics: VulkanStatistics { recorder.statistics }

  /// Starts counting anew.
  public func resetStatistics() { recorder.resetStatistics() }

  /// Waits for all work.
  ///
  /// - Throws: `BackendError` if the device failed.
  public func finish() throws { try recorder.finish() }
}

// MARK: Memory

extension VulkanBackend {
  public func makeBuffer(byteCount: Int) throws -> any Buffer { try allocate(byteCount) }

  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    let buffer = try allocate(bytes.count)
    try recorder.upload(bytes, to: buffer)
    return buffer
  }

  /// A table that an operation reads and that depends on its arguments alone. In a capture it is made once and kept:
  /// not in the recording's own memory, whose content is undefined before the first run.
  func makeTable(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    let buffer = try allocate(bytes.count, from: memory)
    try recorder.upload(bytes, to: buffer, isConstant: true)
    return buffer
  }

  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    guard let buffer = buffer as? VulkanBuffer else {
      preconditionFailure("a tensor of another backend was given to the Vulkan backend")
    }
    precondition(byteOffset >= 0 && byteOffset + target.count <= buffer.byteCount, "read past the end of a buffer")
    try recorder.read(buffer, byteOffset: byteOffset, into: target)
  }

  private func allocate(_ byteCount: Int, from pool: MemoryPool? = nil) throws -> VulkanBuffer {
    try context.ensureUsable()
    let pool = pool ?? recorder.arena ?? memory
    do { return try pool.makeBuffer(byteCount: byteCount) } catch let error as BackendError {
      switch error {
      case .outOfMemory: break
      case .insufficientMemory(let shortage) where shortage.limit == .total: break
      default: throw error
      }
      for recorded in recordings.withLock({ $0 }) { recorded.recording?.discard() }
      try trim()
      return try pool.makeBuffer(byteCount: byteCount)
    }
  }

  /// Blocks that nobody uses any more may be given back once the device has finished with them.
  private func trim() throws {
    // While nobody can record: a batch does not hold the buffers that it uses, only their order protects them.
    try recorder.finish { memory.trim() }
  }

  /// A failure is told by the next call that can. The compiled shaders are written as well: it is a moment of rest.
  public func releaseCachedMemory() {
    try? trim()
    pipelines.save()
  }

  /// Room is counted in whole blocks and for staging, besides what the job itself asks for.
  public var memoryLimits: MemoryLimits {
    let slack = MemoryPool.blockByteCount + recorder.missingStagingByteCount
    return MemoryLimits(
      availableBytes: max(0, context.remainingByteCount + memory.freeByteCount - slack),
      largestBufferBytes: min(memory.largestBlockByteCount, Int(context.limits.maxStorageBufferRange)))
  }

  /// Reserves what the job needs, so that the device is not asked for memory while it runs. Until
  /// ``releaseCachedMemory()`` no more is held than that, in whole blocks.
  public func prepareMemory(for demand: MemoryDemand) throws {
    try context.ensureUsable()
    if memoryLimits.shortage(for: demand, backend: name) == nil, memory.holds(demand) { return }
    // Free parts of blocks in use count as available, but may be too small; blocks without use are better given back,
    // and taken anew in the sizes of this job.
    try trim()
    if let shortage = memoryLimits.shortage(for: demand, backend: name) {
      throw BackendError.insufficientMemory(shortage)
    }
    try memory.reserve(demand)
    try recorder.prepareStaging()
  }

  /// An operand of a shape without gaps, with undefined content.
  func scratch(_ shape: Shape, _ dtype: DType = .f32) throws -> Operand {
    Operand(
      buffer: try makeBuffer(byteCount: shape.elementCount * dtype.byteWidth), view: View(contiguous: shape),
      dtype: dtype)
  }

  /// The operand itself if it is row-major, else a copy that is.
  func contiguous(_ x: Operand) throws -> Operand {
    // The strides of an axis of one element mean nothing; kernels that index rows want them meaningful.
    if x.view.isContiguous { return x.with(View(contiguous: x.shape, offset: x.view.offset)) }
    let result = try scratch(x.shape, x.dtype)
    try copy(x, to: result)
    return result
  }

  /// Lets `body` compute into row-major memory that ends up in `out`.
  func withContiguous(_ out: Operand, _ body: (Operand) throws -> Void) throws {
    if out.view.isContiguous { return try body(out.with(View(contiguous: out.shape, offset: out.view.offset))) }
    let result = try scratch(out.shape, out.dtype)
    try body(result)
    try copy(result, to: out)
  }

  /// The operand itself if it has the element type, else a copy that has.
  func converted(_ x: Operand, to dtype: DType) throws -> Operand {
    if x.dtype == dtype { return x }
    let result = try scratch(x.shape, dtype)
    try copy(x, to: result)
    return result
  }

  /// Lets `body` compute into memory of an element type that ends up in `out`.
  func computing(_ out: Operand, in dtype: DType, _ body: (Operand) throws -> Void) throws {
    if out.dtype == dtype { return try body(out) }
    let result = try scratch(out.shape, dtype)
    try body(result)
    try copy(result, to: out)
  }

  func window(_ operand: Operand) throws -> Window { try Window(operand, on: context) }

  /// Records one dispatch; the first window is the destination.
  func run(
    _ kernel: Kernel, _ constants: some ShaderConstants, _ windows: [Window], _ arguments: some ShaderArguments,
    _ groups: WorkGroups, work: Double = 0
  ) throws {
    guard groupLimits.allow(groups) else {
      throw BackendError.deviceFailure(
        backend: name, reason: "\(groups.x) x \(groups.y) x \(groups.z) groups are more than the device starts at once")
    }
    try recorder.dispatch(
      Batch.Dispatch(
        pipeline: pipelines.pipeline(kernel, constants.words), windows: windows, arguments: arguments.words,
        groups: groups,
        work: work))
  }
}
