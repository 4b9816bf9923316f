import CKernels

extension CPUBackend {
  /// How this backend takes memory, for a ``MeteringBackend``.
  public var meteringRules: MeteringRules {
    let kernels = kernels
    // A block of transformed or unrolled inputs that fits the outer cache, and the threads' sums; with so many threads
    // that they take more, what each packs.
    let table = kernels.pointer.pointee
    let packing = 4 * threads.threads * Int(table.product_scratch(Int64(ProductTiling.widestPanels)))
    return MeteringRules(
      blockByteCount: { CPUMemoryPool.capacity(for: $0) }, cacheLimit: memory.cacheLimit,
      // Keys and values of every head are packed for the kernel.
      attentionScratch: { _, keys in
        let counts = Self.packedCounts(keys: keys[2], width: keys[3], kernels.pointer.pointee)
        return 4 * keys[0] * keys[1] * (counts.keys + counts.values)
      },
      productScratch: { _, _, _ in max(16 << 20, packing) })
  }
}
