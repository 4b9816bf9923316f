extension CPUBackend {
  /// How this backend takes memory, for a ``MeteringBackend``.
  public var meteringRules: MeteringRules {
    MeteringRules(
      blockByteCount: { CPUMemoryPool.capacity(for: $0) }, cacheLimit: memory.cacheLimit,
      // Keys and values of every head are packed for the kernel.
      attentionScratch: { 8 * $1.elementCount },
      // A block of transformed or unrolled inputs that fits the outer cache, and the threads' sums.
      productScratch: { _, _, _ in 16 << 20 })
  }
}
