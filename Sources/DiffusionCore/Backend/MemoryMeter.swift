// SPDX-License-Identifier: Apache-2.0

/// A backend that computes nothing, and the account of the memory that computing would take.
///
/// A network that runs on it, with the shapes of a job, tells that job's peak in milliseconds:
///
/// ```swift
/// let meter = backend.makeMeter()
/// let decoder = try VAEDecoder(Parameters(weights(on: meter.backend)), configuration: sizes, normGroups: 32)
/// _ = try decoder(Tensor(uninitialized: [1, 128, 128, 4], on: meter.backend))
/// print(meter.account.peakByteCount)
/// ```
public struct MemoryMeter: Sendable {
  /// Computes nothing; what is read from it is zeros.
  public let backend: any Backend
  /// What it would have taken.
  public let account: MemoryAccount
  let makeMapped: (@Sendable (_ byteCount: Int) throws -> any Buffer)?

  /// A meter.
  ///
  /// - Parameters:
  ///   - backend: computes nothing, and enters into the account what computing would take.
  ///   - makeMapped: makes a buffer that stands for weights in a mapped file; nil if a backend of this kind copies them.
  public init(
    backend: any Backend, account: MemoryAccount, makeMapped: (@Sendable (_ byteCount: Int) throws -> any Buffer)? = nil
  ) {
    self.backend = backend
    self.account = account
    self.makeMapped = makeMapped
  }
}
