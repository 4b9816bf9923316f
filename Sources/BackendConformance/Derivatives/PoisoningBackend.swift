// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A backend whose fresh memory is full of not-a-numbers, so that reading what was not written shows.
///
/// A backend's own derivatives run behind it as they do in training.
final class PoisoningBackend: ForwardingDerivativeBackend, CallReceiver {
  let base: any Backend
  init(_ base: any Backend) { self.base = base }

  func makeBuffer(byteCount: Int) throws -> any Buffer {
    let poison = [UInt16](repeating: UInt16(Storage.poison(.bf16)), count: byteCount / 2)
    return try poison.withUnsafeBytes { try base.makeBuffer(copying: $0) }
  }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }
}
