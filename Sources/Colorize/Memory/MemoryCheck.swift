import DiffusionCore

extension Model {
  /// How much memory a request will take with this model on a backend. Nothing is computed or loaded.
  ///
  /// - Throws: ``ColorizeError`` if the request cannot be carried out at all.
  public func memoryEstimate(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse = .normal
  ) throws -> MemoryEstimate {
    try MemoryEstimate(request, model: self, memory: memory, meter: backend.makeMeter())
  }

  /// Makes sure that a backend can carry a request out.
  ///
  /// - Parameter isLoaded: whether the model is loaded already, or will be for this request.
  /// - Returns: what it will need.
  /// - Throws: ``BackendError/insufficientMemory(_:)``, which says what would fit.
  @discardableResult
  public func checkMemory(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse = .normal, isLoaded: Bool = false
  ) throws -> MemoryEstimate {
    let estimate = try memoryEstimate(for: request, backend: backend, memory: memory)
    do {
      try backend.prepareMemory(for: estimate.demand(isLoaded: isLoaded))
      return estimate
    } catch BackendError.insufficientMemory(var shortage) {
      shortage.advice = advice(for: request, backend: backend, memory: memory, isLoaded: isLoaded)
      throw BackendError.insufficientMemory(shortage)
    }
  }

  /// What would fit: first what costs time only, then what changes the picture.
  private func advice(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse, isLoaded: Bool
  ) -> String {
    let limits = backend.memoryLimits
    func need(_ request: ColorizeRequest, _ memory: MemoryUse) -> MemoryDemand? {
      // A colorizer that keeps its whole network cannot let go of it for one request.
      try? memoryEstimate(for: request, backend: backend, memory: memory)
        .demand(isLoaded: isLoaded && memory == .normal)
    }
    func fits(_ request: ColorizeRequest, _ memory: MemoryUse) -> String? {
      guard let demand = need(request, memory), limits.shortage(for: demand, backend: backend.name) == nil else {
        return nil
      }
      return "needs \(demand.peakBytes >> 20) MiB"
    }
    var tiled = request
    tiled.vaeTiling = .pixels(256)
    let attempts: [(String, ColorizeRequest, MemoryUse)] = [
      ("low memory use", request, .low), ("decoding in tiles of 256", tiled, memory),
      ("low memory use and tiles of 256", tiled, .low),
    ]
    for (name, request, memory) in attempts {
      if let need = fits(request, memory) { return "\(name) \(need)" }
    }
    if request.count > 1 {
      tiled.count = 1
      if let need = fits(tiled, .low) { return "one picture at a time with low memory use and tiles of 256 \(need)" }
    }
    let size = request.size ?? configuration.imageSize
    for smaller in stride(from: (size - 1) / 64 * 64, through: 64, by: -64) {
      tiled.size = smaller
      if let need = fits(tiled, .low) { return "size \(smaller) with low memory use and tiles of 256 \(need)" }
    }
    return "no size fits; free some memory"
  }
}
