// SPDX-License-Identifier: Apache-2.0

extension CPUBackend {
  /// What the machine, the control group of the process and its limit on address space leave.
  public var memoryLimits: MemoryLimits { MemoryLimits(availableBytes: HostMemory.availableByteCount) }

  /// A meter that runs this backend's own code, down to the pool and what its kernels ask for while they run, without
  /// memory behind it and without computing.
  public func makeMeter() -> MemoryMeter {
    let account = MemoryAccount()
    return MemoryMeter(backend: CPUBackend(countingFor: self, account: account), account: account) { byteCount in
      guard let nowhere = CPUMemoryPool.nowhere else { preconditionFailure("an address is not zero") }
      let pages = MappedPages(byteCount: byteCount, account: account)
      return CPUBuffer(standingFor: pages, byteCount: byteCount, at: nowhere)
    }
  }

  /// What the buffers of this backend add up to: in use, and kept for reuse. Mapped files are not entered.
  package var memoryAccount: MemoryAccount { memory.account }
}
