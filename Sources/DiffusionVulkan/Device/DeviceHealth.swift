// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Glibc
import Synchronization

/// Remembers the first failure after which nothing on the device can be trusted; from then on every call throws it.
///
/// Tests can cause failures here, since no device fails on demand; of a program that runs by itself by the environment
/// variable `IRODORI_VULKAN_FAULT`.
package final class DeviceHealth: Sendable {
  /// Where a failure can be caused.
  package enum Place: Sendable, CaseIterable {
    /// Handing a batch to the device fails.
    case submission
    /// Waiting for a batch fails.
    case waiting
    /// A batch ends as if it had succeeded and has not run to its end, which Vulkan allows when a device is lost.
    case silently
  }

  /// What befalls a device after some time.
  package enum Fault: String {
    /// It is lost.
    case loss
    /// It does not answer any more.
    case hang
  }

  private let failure = Mutex<BackendError?>(nil)
  private let caused = Mutex<Place?>(nil)
  private let fate = Mutex<(fault: Fault, submissions: Int)?>(nil)

  /// Causes one loss of the device, the next time that its place is reached.
  package func cause(_ place: Place) { caused.withLock { $0 = place } }

  /// Causes a fault by its description, `loss:200` or `hang:200`: when so many batches have been handed to the device.
  package func cause(_ description: String) {
    let parts = description.split(separator: ":")
    guard parts.count == 2, let fault = Fault(rawValue: String(parts[0])), let count = Int(parts[1]) else { return }
    fate.withLock { $0 = (fault, count) }
  }

  /// Counts a batch, and says whether the device is lost with it.
  func isLostAtNextSubmission() -> Bool {
    let fault = fate.withLock { fate -> Fault? in
      guard let (fault, submissions) = fate else { return nil }
      fate = submissions > 0 ? (fault, submissions - 1) : nil
      return submissions > 0 ? nil : fault
    }
    if fault == .hang { while true { sleep(3600) } }
    return fault == .loss || isDue(.submission)
  }

  /// Whether a loss is due at a place.
  func isDue(_ place: Place) -> Bool {
    caused.withLock { caused in
      guard caused == place else { return false }
      caused = nil
      return true
    }
  }

  /// Remembers a failure.
  ///
  /// - Returns: the first one, to be thrown.
  func fail(_ error: BackendError) -> BackendError {
    failure.withLock { failure in
      let first = failure ?? error
      failure = first
      return first
    }
  }

  func ensure() throws {
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
