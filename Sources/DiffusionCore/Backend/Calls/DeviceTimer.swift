// SPDX-License-Identifier: Apache-2.0

/// Measures on a device, by the device's own clock, what a backend hands to it.
///
/// For backends whose device works behind the caller's back: see ``Backend/deviceTimer``.
public protocol DeviceTimer: AnyObject, Sendable {
  /// Calls `body`, and notes what the device needs for what the calling thread hands to it meanwhile. Nothing waits;
  /// but on the device this work begins after all earlier work has ended, so that each has its own time.
  ///
  /// - Parameter label: tells it from others; the times of the same label are added up.
  /// - Throws: what `body` throws.
  func measure<R>(_ label: Int, _ body: () throws -> R) throws -> R
  /// Waits for all work and gives the times since the last call.
  ///
  /// - Returns: the seconds of each label under which the device had to do something.
  /// - Throws: ``BackendError`` if some of the work failed.
  func takeSeconds() throws -> [Int: Double]
}
