// SPDX-License-Identifier: Apache-2.0

extension BackendRegistry {
  /// The registry that the library's own entry points use.
  public static let shared = BackendRegistry()

  /// A registry that knows `cpu` only.
  public convenience init() { self.init(["cpu": { try CPUBackend($0) }]) }
}
