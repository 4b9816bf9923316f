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
  private let makeMapped: (@Sendable (_ byteCount: Int) throws -> any Buffer)?

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

  /// A tensor that stands for a weight in a mapped file.
  ///
  /// - Throws: ``BackendError``.
  public func mappedTensor(_ shape: Shape, dtype: DType) throws -> Tensor {
    let byteCount = shape.elementCount * dtype.byteWidth
    let buffer = try makeMapped?(byteCount) ?? backend.makeBuffer(byteCount: byteCount)
    return Tensor(Operand(buffer: buffer, view: View(contiguous: shape), dtype: dtype), on: backend)
  }
}
