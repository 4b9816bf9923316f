// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A backend's name taken apart: of `vulkan:1` the family `vulkan` and the device `1`.
public struct BackendName: Sendable, Hashable {
  public let family: String
  /// What follows the first colon; nil without one.
  public let device: String?

  /// Takes any name apart; whether there is such a backend, the registry knows.
  public init(_ name: String) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    family = parts[0]
    device = parts.count > 1 ? parts[1] : nil
  }
}

/// The backends that a program can choose by name: `cpu` is always there, a plug-in adds its own.
///
/// A name is a family, optionally with a device: `vulkan`, `vulkan:1`.
public final class BackendRegistry: Sendable {
  /// Makes a backend of a family for a device selector (the part after the colon), nil for the default device.
  public typealias Factory = @Sendable (_ device: String?) throws -> any Backend

  private let factories: Mutex<[String: Factory]>

  /// A registry of the given families.
  public init(_ families: [String: Factory]) { factories = Mutex(families) }

  /// Adds or replaces a family.
  public func register(_ family: String, factory: @escaping Factory) {
    factories.withLock { $0[family] = factory }
  }

  /// The registered families, sorted.
  public var families: [String] { factories.withLock { $0.keys.sorted() } }

  /// Makes the backend of that name.
  ///
  /// - Throws: ``BackendError/unknownBackend(name:known:)``, or what the family's factory throws.
  public func makeBackend(_ name: String) throws -> any Backend {
    let parts = BackendName(name)
    guard let factory = factories.withLock({ $0[parts.family] }) else {
      throw BackendError.unknownBackend(name: name, known: families)
    }
    return try factory(parts.device)
  }
}
