// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A backend for counting whose tensors read as a mixture of zeros and ones.
///
/// What is read from a backend that only counts is zeros: a mask of nothing, alike in all samples, of which each region
/// computes its own tokens. The masks of real samples differ, and then every region computes all of them.
final class UnequalReads: ForwardingDerivativeBackend, CallReceiver {
  let base: any Backend

  init(_ base: any Backend) { self.base = base }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }

  /// Numbers that repeat after no row of any mask.
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    var state: UInt64 = 1
    for place in stride(from: 0, to: target.count - 3, by: 4) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      target.storeBytes(of: state >> 63 == 0 ? 0 : Float(1).bitPattern, toByteOffset: place, as: UInt32.self)
    }
    for place in target.count / 4 * 4..<target.count { target[place] = 0 }
  }
}
