// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Glibc

/// A file in which the driver's compiled shaders outlast the program, so that only the first run pays for compiling.
///
/// The content is the driver's own and must not reach it damaged, nor from another driver. So the file begins with a
/// header of our own, which names device and driver and has a checksum; the driver's header behind it is checked as
/// well. What does not fit is ignored. No failure here is an error of the program: it costs time only.
package struct PipelineStore: Sendable {
  /// Device and driver, as they must be the same for the file to be of use.
  package struct Key: Sendable, Equatable {
    var vendor: UInt32
    var device: UInt32
    var driver: UInt32
    /// `pipelineCacheUUID`: changes with all that changes compiled code.
    var identifier: [UInt8]

    package init(vendor: UInt32, device: UInt32, driver: UInt32, identifier: [UInt8]) {
      self.vendor = vendor
      self.device = device
      self.driver = driver
      self.identifier = identifier
    }

    init(_ properties: VkPhysicalDeviceProperties) {
      self.init(
        vendor: properties.vendorID, device: properties.deviceID, driver: properties.driverVersion,
        identifier: withUnsafeBytes(of: properties.pipelineCacheUUID) { Array($0) })
    }
  }

  private let folder: String
  private let key: Key
  /// The file's path.
  package let path: String

  /// Nothing that large is read or written; it would no longer save time.
  private static let maxByteCount = 256 << 20
  private static let magic = Array("IRODORIP".utf8)
  private static let formatVersion: UInt32 = 1

  /// The store of a device in a folder.
  package init(folder: String, key: Key) {
    self.folder = folder
    self.key = key
    func hex(_ value: UInt32) -> String { String(value, radix: 16) }
    path = "\(folder)/vulkan-\(hex(key.vendor))-\(hex(key.device))-\(hex(key.driver)).pipelines"
  }

  /// `irodori` in the user's folder for caches by the rules of freedesktop.org, nil if there is none.
  static var standardFolder: String? {
    func absolute(_ name: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    guard let base = absolute("XDG_CACHE_HOME") ?? absolute("HOME").map({ "\($0)/.cache" }) else { return nil }
    return "\(base)/irodori"
  }

  /// What the driver gave to ``save(_:)``, nil if there is no file, or none that fits.
  package func load() -> [UInt8]? {
    guard let bytes = try? FileReader.bytes(of: path, limit: Self.maxByteCount), bytes.count > header([]).count else {
      return nil
    }
    let payload = Array(bytes[header([]).count...])
    guard bytes.starts(with: header(payload)), isOwn(payload) else { return nil }
    return payload
  }

  /// Writes the file anew, or leaves it as it was.
  package func save(_ payload: [UInt8]) {
    guard isOwn(payload), payload.count < Self.maxByteCount, Self.makeFolder(folder) else { return }
    try? AtomicFile.write(header(payload) + payload, to: path, mode: 0o600)
  }

  private func header(_ payload: [UInt8]) -> [UInt8] {
    Self.magic + Self.bytes(Self.formatVersion) + Self.bytes(key.vendor) + Self.bytes(key.device)
      + Self.bytes(key.driver) + key.identifier + Self.bytes(UInt64(payload.count)) + Self.bytes(Self.checksum(payload))
  }

  /// Whether the driver's header, `VkPipelineCacheHeaderVersionOne`, is of this device.
  private func isOwn(_ payload: [UInt8]) -> Bool {
    let size: UInt32 = 32
    return payload.starts(
      with: Self.bytes(size) + Self.bytes(UInt32(VK_PIPELINE_CACHE_HEADER_VERSION_ONE.rawValue))
        + Self.bytes(key.vendor) + Self.bytes(key.device) + key.identifier)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// FNV-1a: finds accidents, which is all that is asked of it; the file is the user's own.
  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBufferPointer {
      $0.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
  }

  // MARK: Files

  /// Makes a folder and those above it.
  private static func makeFolder(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
    return makeFolder(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }
}
