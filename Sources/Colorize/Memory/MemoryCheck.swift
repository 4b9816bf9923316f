// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Model {
  /// How much memory a request will take with this model on a backend. Nothing is computed or loaded.
  ///
  /// - Throws: ``ColorizeError`` if the request cannot be carried out at all.
  public func memoryEstimate(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse = .normal
  ) throws -> MemoryEstimate {
    try validate(request)
    return try MemoryEstimate(request, model: self, memory: memory, meter: backend.makeMeter())
  }

  /// Makes sure that a backend can carry a request out.
  ///
  /// - Parameter isLoaded: whether the model is loaded already, or will be for this request.
  /// - Returns: what it will need.
  /// - Throws: ``ColorizeError/insufficientMemory(_:advice:)``, which says what would fit.
  @discardableResult
  public func checkMemory(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse = .normal, isLoaded: Bool = false
  ) throws -> MemoryEstimate {
    let estimate = try memoryEstimate(for: request, backend: backend, memory: memory)
    do {
      try backend.prepareMemory(for: estimate.demand(isLoaded: isLoaded))
      return estimate
    } catch BackendError.insufficientMemory(let shortage) {
      let advice = memoryAdvice(for: request, backend: backend, memory: memory, isLoaded: isLoaded)
      try Task.checkCancellation()
      throw ColorizeError.insufficientMemory(shortage, advice: advice)
    }
  }
}
