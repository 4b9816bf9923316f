// SPDX-License-Identifier: Apache-2.0

/// A backend that stands before another one, which holds the memory.
///
/// Everything about memory, and waiting, is the other's. Nothing is recorded for repetition, so that each call comes
/// through; see ``Backend/record(_:_:)``. The computing members are left to the conforming type: ``CallReceiver`` makes
/// one function of them.
public protocol ForwardingBackend: Backend {
  /// The other backend.
  var base: any Backend { get }
}

extension ForwardingBackend {
  public var name: String { base.name }
  public var storageType: DType { base.storageType }
  public var takesDilationAndGroups: Bool { base.takesDilationAndGroups }
  public var memoryLimits: MemoryLimits { base.memoryLimits }

  public func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makeBuffer(byteCount: byteCount) }

  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    try base.makeBuffer(copying: bytes)
  }

  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    try base.makeBuffer(mapping: bytes, owner: owner)
  }

  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, byteOffset: byteOffset, into: target)
  }

  public func prepareMemory(for demand: MemoryDemand) throws { try base.prepareMemory(for: demand) }
  public func makeMeter() -> MemoryMeter { base.makeMeter() }
  public func releaseCachedMemory() { base.releaseCachedMemory() }
  public func finish() throws { try base.finish() }
  public var deviceTimer: (any DeviceTimer)? { base.deviceTimer }
}
