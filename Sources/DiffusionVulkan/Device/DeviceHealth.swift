import CVulkan
import DiffusionCore
import Synchronization

/// Remembers the first failure after which nothing on the device can be trusted; from then on every call throws it.
///
/// Tests can cause failures here, since no device fails on demand.
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

  private let failure = Mutex<BackendError?>(nil)
  private let caused = Mutex<Place?>(nil)

  /// Causes one loss of the device, the next time that its place is reached.
  package func cause(_ place: Place) { caused.withLock { $0 = place } }

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
