import ArgumentParser
import DiffusionCore
import DiffusionVulkan

/// Lists where the network can compute.
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List backends and devices, as --backend takes them.")

  func run() throws {
    for family in BackendRegistry.shared.families {
      let devices = family == "vulkan" ? (try? VulkanDevice.all) ?? [] : []
      if !devices.isEmpty {
        for device in devices { Console.shared.output("vulkan:\(device)") }
        continue
      }
      do {
        let backend = try BackendRegistry.shared.makeBackend(family)
        guard let cpu = backend as? CPUBackend else {
          Console.shared.output("\(family): \(backend.name)")
          continue
        }
        Console.shared.output(
          "\(family): \(cpu.instructionSet) kernels, \(cpu.threadCount) threads, "
            + "\(Format.bytes(ProcessUsage.physicalMemory)) memory")
      } catch {
        // A device that is not there is what the list is to tell, no failure of the list.
        Console.shared.output("\(family): not available (\(ToolError(error).message))")
      }
    }
  }
}
