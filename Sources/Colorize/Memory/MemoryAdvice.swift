// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Changes that would make a request fit into memory: those that cost time only, before those that change the picture.
public struct MemoryAdvice: Sendable, Hashable, CustomStringConvertible {
  /// How to keep the network: ``MemoryUse/low`` where that helps.
  public var memory: MemoryUse?
  /// Tiles to decode in, in pixels a side.
  public var vaeTile: Int?
  /// Fewer pictures at a time.
  public var count: Int?
  /// A smaller working size, in pixels.
  public var size: Int?
  /// What the request would need with all of these, in bytes; nil if no size fits.
  public var neededBytes: Int?

  /// Advice; nothing at all means that no size fits.
  public init(
    memory: MemoryUse? = nil, vaeTile: Int? = nil, count: Int? = nil, size: Int? = nil, neededBytes: Int? = nil
  ) {
    self.memory = memory
    self.vaeTile = vaeTile
    self.count = count
    self.size = size
    self.neededBytes = neededBytes
  }

  /// In words, with the names of the properties of this package; a program has other names for them.
  public var description: String {
    guard let neededBytes else { return "no size fits; free some memory" }
    var changes: [String] = []
    if memory == .low { changes.append("memory use .low") }
    if let vaeTile { changes.append("tiles of \(vaeTile)") }
    if let count { changes.append("a count of \(count)") }
    if let size { changes.append("size \(size)") }
    let last = changes.popLast() ?? ""
    let list = changes.isEmpty ? last : changes.joined(separator: ", ") + " and " + last
    return "with \(list) it needs \(neededBytes >> 20) MiB"
  }
}

extension Model {
  /// What would make a request fit that does not.
  ///
  /// - Parameter isLoaded: whether the model is loaded already, or will be for this request.
  public func memoryAdvice(
    for request: ColorizeRequest, backend: any Backend, memory: MemoryUse = .normal, isLoaded: Bool = false
  ) -> MemoryAdvice {
    let limits = backend.memoryLimits
    /// The advice with what it makes of the need, if that fits.
    func fitting(_ advice: MemoryAdvice) -> MemoryAdvice? {
      if Task.isCancelled { return nil }
      var changed = request
      if let tile = advice.vaeTile { changed.vaeTiling = .pixels(tile) }
      if let count = advice.count { changed.count = count }
      if let size = advice.size { changed.size = size }
      let use = advice.memory ?? memory
      // A colorizer that keeps its whole network cannot let go of it for one request.
      let estimate = try? memoryEstimate(for: changed, backend: backend, memory: use)
      guard let demand = estimate?.demand(isLoaded: isLoaded && use == .normal),
        limits.shortage(for: demand, backend: backend.name) == nil
      else { return nil }
      var advice = advice
      advice.neededBytes = demand.peakBytes
      return advice
    }
    let tile = 256
    let low: MemoryUse? = memory == .low ? nil : .low
    var attempts = low == nil ? [] : [MemoryAdvice(memory: .low)]
    attempts += [MemoryAdvice(vaeTile: tile), MemoryAdvice(memory: low, vaeTile: tile)]
    if request.count > 1 { attempts.append(MemoryAdvice(memory: low, vaeTile: tile, count: 1)) }
    if let advice = attempts.lazy.compactMap(fitting).first { return advice }
    // The largest of the smaller sizes: what fits grows less with them.
    let size = min(max(request.size ?? configuration.imageSize, 64), 4096)
    let sizes = stride(from: (size - 1) / 64 * 64, through: 64, by: -64).map {
      MemoryAdvice(memory: low, vaeTile: tile, count: request.count > 1 ? 1 : nil, size: $0)
    }
    var found: MemoryAdvice?
    var range = sizes.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if let advice = fitting(sizes[middle]) {
        found = advice
        range = range.lowerBound..<middle
      } else {
        range = middle + 1..<range.upperBound
      }
    }
    return found ?? MemoryAdvice()
  }
}
