// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A backend that forwards memory and the required primitives to another one and leaves every fused member to its
/// default.
///
/// It shows that a backend's primitives suffice to run every model, and gives fused members something to agree with.
public final class PrimitivesOnly: ForwardingBackend, PrimitiveCallReceiver {
  public let base: any Backend

  /// Hides the fused members of a backend.
  public init(_ base: any Backend) { self.base = base }

  /// The other backend's name with a remark.
  public var name: String { "\(base.name), primitives only" }

  /// `f32` whatever the other one stores, so that what a default makes on its way is not rounded.
  public var storageType: DType { .f32 }

  /// Forwards to the other backend's primitive.
  public func receive(_ call: BackendCall) throws { try call.perform(on: base) }
}
