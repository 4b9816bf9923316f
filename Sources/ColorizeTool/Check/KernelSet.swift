// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionVulkan

/// One of the ways in which a device computes, each of which a check runs: a tier of a graphics card, an instruction set
/// of the processor.
struct KernelSet {
  /// What `--kernels` and results call it.
  let name: String
  /// Opens the device with these kernels.
  let makeBackend: () throws -> any Backend
  /// What is checked differently.
  var adjust: (inout ConformanceOptions) -> Void = { _ in }

  /// All that a device has, in the order in which one is made of the other.
  ///
  /// - Throws: `BackendError` if there is no such device.
  static func all(of device: CheckedDevice) throws -> [KernelSet] {
    switch device {
    case .processor(let threads): processor(threads)
    case .vulkan(let device): vulkan(device)
    }
  }

  /// The members that multiply `bf16` where they are asked to.
  private static let shortMembers: Set<String> = ["linear", "gatedLinear", "conv2d", "convolution", "attention"]

  private static func processor(_ threads: Int?) -> [KernelSet] {
    let single = ["portable", "avx2", "avx512"].map { set in
      KernelSet(name: set) { try CPUBackend(threads: threads, instructionSet: set) }
    }
    // Convolutions by Winograd's method stay in f32, and are checked with the sets above.
    let short = ["avx512bf16", "amx"].map { set in
      KernelSet(name: set) {
        try CPUBackend(threads: threads, instructionSet: set, winograd: false, precision: .bf16)
      } adjust: { options in
        options.operations = options.operations.map { $0.intersection(shortMembers) } ?? shortMembers
        options.factorType = .bf16
        // The defaults of fused members multiply in f32.
        options.comparesDefaults = false
      }
    }
    return (single + short).filter { (try? $0.makeBackend()) != nil }
  }

  private static func vulkan(_ device: VulkanDevice) -> [KernelSet] {
    func set(_ name: String, _ change: @escaping (inout VulkanBackend.Options) -> Void) -> KernelSet {
      KernelSet(name: name) {
        var options = VulkanBackend.Options()
        change(&options)
        let backend = try VulkanBackend("\(device.index)", options: options)
        if let tier = options.tier, backend.tier != tier {
          throw ToolError(
            .failure, "the driver refuses the shaders of the tier \(tier); the backend takes \(backend.tier) by itself")
        }
        return backend
      } adjust: {
        // Vulkan promises subnormals to shaders only where a feature says so.
        $0.allowsFlushedSubnormals = true
      }
    }
    return VulkanTier.allCases.filter { $0 <= device.highestTier }.map { tier in
      set(tier.rawValue) { $0.tier = tier }
    } + [
      // What a card without and with matrix units gets, on any device: to find who is at fault.
      set("card") {
        $0.tier = min(.subgroup, device.highestTier)
        $0.avoidsLanes = true
        $0.wantedGroups = 64
      },
      set("imitated") {
        $0.avoidsLanes = true
        $0.wantedGroups = 64
        $0.emulatesMatrices = true
      },
    ]
  }

  /// The members that are checked of those that are asked for; nil for all.
  func operations(of asked: Set<String>?) -> Set<String>? {
    var options = ConformanceOptions()
    options.operations = asked
    adjust(&options)
    return options.operations
  }

  /// The names of those that are checked if nothing else is asked for.
  static func standard(of device: CheckedDevice, among sets: [KernelSet]) -> [String] {
    switch device {
    case .processor: sets.map(\.name)
    // A device in software takes minutes to compile what matrix units need.
    case .vulkan(let device):
      VulkanTier.allCases.filter { $0 <= (device.kind == .cpu ? device.tier : device.highestTier) }.map(\.rawValue)
    }
  }
}

/// A device as `--check` takes it.
enum CheckedDevice {
  /// With so many threads; nil for one on each processor.
  case processor(threads: Int?)
  case vulkan(VulkanDevice)

  /// The device of a backend's name; without one the best Vulkan device.
  ///
  /// - Throws: `BackendError` if there is no such device.
  init(_ name: String?) throws {
    // Not the processor where there is none: whoever has a card wants to hear that it is not found.
    let name = name ?? "vulkan"
    let parts = BackendName(name)
    switch parts.family {
    case "cpu": self = .processor(threads: parts.device == nil ? nil : try CPUBackend(parts.device).threadCount)
    case "vulkan": self = .vulkan(try VulkanBackend(parts.device).device)
    default: throw BackendError.unknownBackend(name: name, known: BackendRegistry.shared.families)
    }
  }

  /// What the check is called by.
  var name: String {
    switch self {
    case .processor: "cpu"
    case .vulkan(let device): "vulkan:\(device.index)"
    }
  }

  /// Names and values of what it is.
  var facts: [(name: String, value: String)] {
    switch self {
    case .processor(let threads): Self.processorFacts(threads)
    case .vulkan(let device): [("name", device.name)] + device.facts
    }
  }

  private static func processorFacts(_ threads: Int?) -> [(name: String, value: String)] {
    let single = try? CPUBackend(threads: threads)
    let short = try? CPUBackend(threads: threads, precision: .bf16)
    return [
      ("name", ProcessUsage.processorName), ("threads", "\(single?.threadCount ?? 0)"),
      ("kernels", single?.instructionSet ?? "none"),
      ("bf16", short?.instructionSet ?? "neither AVX512-BF16 nor AMX"),
      ("memory", Format.bytes(ProcessUsage.physicalMemory)),
    ]
  }
}
