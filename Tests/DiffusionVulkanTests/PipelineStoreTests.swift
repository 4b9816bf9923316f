// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Glibc
import Testing

import DiffusionVulkan

/// Compiled shaders on disk: kept, and never given to a driver damaged.
struct PipelineStoreTests {
  private static let key = PipelineStore.Key(
    vendor: 0x10005, device: 7, driver: 0x123, identifier: (0..<16).map { UInt8($0 * 3) })

  /// What a driver of that key might give.
  private static func payload(_ count: Int = 1000, identifier: UInt8 = 0) -> [UInt8] {
    [32, 0, 0, 0, 1, 0, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0] + (0..<16).map { UInt8($0 * 3) + identifier }
      + (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/irodori-pipelines-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private static func contents(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 22)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  @Test func givesBackWhatWasSaved() throws {
    try withFolder { folder in
      let store = PipelineStore(folder: folder, key: Self.key)
      #expect(store.load() == nil)
      store.save(Self.payload())
      #expect(store.load() == Self.payload())
      store.save(Self.payload(20))
      #expect(store.load() == Self.payload(20))
      #expect(Self.contents(folder).map { "\(folder)/\($0)" } == [store.path])
    }
  }

  @Test func ignoresDamage() throws {
    try withFolder { folder in
      let store = PipelineStore(folder: folder, key: Self.key)
      store.save(Self.payload())
      let good = Self.read(store.path)
      #expect(store.load() != nil && good.count > 1000 && good.contains { $0 != 0 })
      // Every byte counts: of our header, of the driver's, of the content.
      for index in 0..<good.count {
        var bad = good
        bad[index] ^= 1 << UInt8(index % 8)
        Self.write(bad, to: store.path)
        #expect(store.load() == nil, "byte \(index)")
      }
      for count in [0, 1, 8, 40, 63, 64, 100, good.count - 1] {
        Self.write(Array(good.prefix(count)), to: store.path)
        #expect(store.load() == nil, "\(count) bytes")
      }
      Self.write(good + [0], to: store.path)
      #expect(store.load() == nil)
      Self.write(good, to: store.path)
      #expect(store.load() == Self.payload())
    }
  }

  @Test func ignoresOtherDevicesAndDrivers() throws {
    try withFolder { folder in
      let store = PipelineStore(folder: folder, key: Self.key)
      store.save(Self.payload())
      let good = Self.read(store.path)
      for (vendor, device, driver, shift) in [
        (1, 7, 0x123, 0), (0x10005, 8, 0x123, 0), (0x10005, 7, 0x124, 0), (0x10005, 7, 0x123, 1),
      ] as [(UInt32, UInt32, UInt32, UInt8)] {
        let other = PipelineStore(
          folder: folder,
          key: .init(vendor: vendor, device: device, driver: driver, identifier: (0..<16).map { $0 * 3 + shift }))
        Self.write(good, to: other.path)
        #expect(other.load() == nil)
      }
      // What a driver would not know as its own is not kept either.
      Self.write([], to: store.path)
      store.save(Self.payload(identifier: 1))
      store.save([])
      #expect(store.load() == nil)
    }
  }

  @Test func hasNoFaultWithoutAFolder() throws {
    for folder in ["/proc/irodori", "/dev/null/irodori", "/nonexistent\u{0}/x", ""] {
      let store = PipelineStore(folder: folder, key: Self.key)
      store.save(Self.payload())
      #expect(store.load() == nil)
    }
    try withFolder { folder in
      // A folder where the file should be.
      let store = PipelineStore(folder: folder, key: Self.key)
      mkdir(folder, 0o700)
      mkdir(store.path, 0o700)
      store.save(Self.payload())
      #expect(store.load() == nil)
      rmdir(store.path)
      // A pipe must not be waited for.
      mkfifo(store.path, 0o600)
      #expect(store.load() == nil)
    }
  }

  @Test(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)")) func backendWorksWithAnyFile() throws {
    try withFolder { folder in
      var options = TestDevice.options
      options.pipelineFolder = folder
      func compute() throws -> [String] {
        let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
        let sum = try Tensor([1, 2], shape: [2], on: backend).exp().sum().floats()[0]
        #expect(abs(sum - 10.107_338) < 1e-4)
        backend.releaseCachedMemory()
        return backend.validationMessages
      }
      #expect(try compute() == [])
      let path = try #require(Self.contents(folder).map { "\(folder)/\($0)" }.first)
      let good = Self.read(path)
      print("pipelines on disk: \(good.count) bytes")
      #expect(try compute() == [])
      for bad in [Array(good.prefix(good.count / 2)), good.map { ~$0 }, []] {
        Self.write(bad, to: path)
        #expect(try compute() == [])
        #expect(Self.read(path) != bad)
      }
      options.pipelineFolder = nil
      unlink(path)
      #expect(try compute() == [])
      #expect(Self.contents(folder) == [])
    }
  }
}
