// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import Testing

/// Choosing and listing devices, and what is said when that fails.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct DeviceTests {
  @Test func listsDevices() throws {
    let devices = try VulkanDevice.all
    print(devices.map(\.description).joined(separator: "\n"))
    #expect(devices.map(\.index) == Array(devices.indices))
    #expect(devices.allSatisfy { !$0.name.isEmpty && $0.memoryByteCount > 0 })
  }

  @Test func registersFamily() throws {
    let registry = BackendRegistry()
    VulkanBackend.register(in: registry)
    #expect(registry.families == ["cpu", "vulkan"])
    let backend = try #require(try registry.makeBackend("vulkan") as? VulkanBackend)
    #expect(try registry.makeBackend(backend.name).name == backend.name)
    #expect(try registry.makeBackend("vulkan:\(backend.device.name.uppercased())").name == backend.name)
    let word = try #require(backend.device.name.split(separator: " ").first).lowercased()
    let namesakes = try VulkanDevice.all.filter { $0.name.lowercased().contains(word) }
    if namesakes.count == 1 {
      #expect(try registry.makeBackend("vulkan:\(word)").name == backend.name)
    } else {
      #expect(throws: BackendError.self) { try registry.makeBackend("vulkan:\(word)") }
    }
  }

  @Test func aNameMustFitOneDevice() throws {
    let device = try #require(try VulkanDevice.all.first)
    #expect(VulkanDevice.candidates(device.name, among: [device, device]).count == 2)
    #expect(VulkanDevice.candidates(String(device.name.dropFirst()), among: [device]).count == 1)
    #expect(VulkanDevice.candidates("", among: [device]).isEmpty)
    #expect(VulkanDevice.candidates("\(device.index)", among: [device]).count == 1)
    #expect(VulkanDevice.candidates("\(device.index + 1)", among: [device]).isEmpty)
  }

  @Test(arguments: ["99", "no such card", "-1", ""]) func refusesUnknownDevice(_ selector: String) throws {
    let error = #expect(throws: BackendError.self) { try VulkanBackend(selector) }
    #expect(error?.description.contains("vulkan:\(selector)") == true)
  }
}
