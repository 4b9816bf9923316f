// SPDX-License-Identifier: Apache-2.0

/// A backend that computes nothing and enters its buffers into an account as they are: what the tensors themselves take.
///
/// It serves for any backend of which nothing else is known, see ``Backend/makeMeter()``. Operations take nothing
/// besides their operands and results, and weights are copied out of their file.
public final class MeteringBackend: CallReceiver {
  private final class Allocation: Buffer {
    let byteCount: Int
    let account: MemoryAccount

    init(byteCount: Int, account: MemoryAccount) {
      self.byteCount = byteCount
      self.account = account
      account.take(byteCount)
    }

    deinit { account.giveBack(byteCount) }
  }

  public let name = "metering"
  /// Where the buffers are entered.
  public let account = MemoryAccount()
  public let storageType: DType
  public var takesDilationAndGroups: Bool { true }

  /// A backend that counts for one that stores results in that element type.
  public init(storageType: DType = .f32) { self.storageType = storageType }

  public func makeBuffer(byteCount: Int) throws -> any Buffer { Allocation(byteCount: byteCount, account: account) }
  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    Allocation(byteCount: bytes.count, account: account)
  }
  /// Gives zeros.
  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    target.initializeMemory(as: UInt8.self, repeating: 0)
  }

  public func receive(_ call: BackendCall) throws {}
}
