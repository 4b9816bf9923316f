// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The books of one model's loading, which all readers of one tree share.
///
/// Behind a lock, so that the parts of a model may be built concurrently.
final class WeightLedger: Sendable {
  private struct State {
    var report = LoadReport()
    var taken: Set<String> = []
    var unused: [UnusedPart] = []
    var holes = HoleFinder()
  }

  let source: WeightSource
  /// In the order of their bytes, so that the keys of one group stand together. A set of all groups would be quicker
  /// to ask, and a file with one key of a million dots would fill the memory with it.
  private let orderedKeys: [String]
  private let state = Mutex(State())

  init(_ source: WeightSource) {
    self.source = source
    orderedKeys = source.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether there is a tensor of this key, or one below it.
  func has(_ key: String) -> Bool {
    if source[key] != nil || (key.isEmpty && !orderedKeys.isEmpty) { return true }
    let group = key + "."
    var lower = 0
    var upper = orderedKeys.count
    while lower < upper {
      let middle = lower + (upper - lower) / 2
      if orderedKeys[middle].utf8.lexicographicallyPrecedes(group.utf8) {
        lower = middle + 1
      } else {
        upper = middle
      }
    }
    return lower < orderedKeys.count && orderedKeys[lower].utf8.starts(with: group.utf8)
  }

  func ignore(_ part: UnusedPart) {
    state.withLock { $0.unused.append(part) }
  }

  /// Hands out a weight and notes what is wrong with it, once for each key.
  func take(_ key: String, shape: [Int], checksFinite: Bool) throws(WeightError) -> WeightEntry {
    // Asked first, so that a shape from a wild configuration never reaches the tensors, whatever the file holds.
    guard SafetensorsDType.f32.size(of: shape) != nil else {
      throw .impossibleShape(key: key, shape: shape)
    }
    let isFirst = state.withLock { $0.taken.insert(key).inserted }
    func note(_ change: (inout LoadReport) -> Void) {
      if isFirst { state.withLock { change(&$0.report) } }
    }
    guard let origin = source[key] else {
      note { $0.missing.append(LoadReport.Missing(key: key, shape: shape)) }
      return try .placeholder(key, shape)
    }
    let entry = origin.entry
    let isDouble = entry.dtype == .f64
    guard entry.shape == shape, let dtype = isDouble ? .f32 : entry.dtype.dtype else {
      note {
        $0.misshaped.append(
          LoadReport.Misshaped(
            key: key, expected: shape, found: entry.shape, dtype: entry.dtype,
            file: origin.file.name))
      }
      return try .placeholder(key, shape)
    }
    let stored = try origin.file.bytes(of: origin.fileKey)
    if checksFinite, isFirst {
      let runs = stored.withUnsafeBytes { ZeroRuns.runs(in: $0) }
      if !runs.isEmpty {
        state.withLock { $0.holes.note(runs, of: key, in: origin.file.name, at: entry.byteRange) }
      }
    }
    // Nothing here computes in double precision; of the file it is told that it holds it, and no more is asked.
    let bytes = isDouble ? stored.narrowed() : stored
    if checksFinite, isFirst,
      let index = bytes.withUnsafeBytes({ FloatDecoding.firstNonFinite($0, dtype) })
    {
      note {
        $0.nonFinite.append(LoadReport.NonFinite(key: key, index: index, file: origin.file.name))
      }
    }
    note {
      $0.loadedCount += 1
      // The sum of parts of mapped memory; it could wrap only if the same pages were mapped over and over.
      $0.loadedBytes &+= bytes.count
      $0.parameterCount &+= entry.elementCount
    }
    return WeightEntry(key: key, dtype: dtype, shape: shape, bytes: bytes, isPlaceholder: false)
  }

  func report() -> LoadReport {
    let (taken, unused, noted, holes) = state.withLock {
      ($0.taken, $0.unused, $0.report, $0.holes)
    }
    var report = noted
    report.holes = holes.holes
    // Concurrent builders take keys in any order; a report must read the same every time.
    report.missing.sort { $0.key < $1.key }
    report.misshaped.sort { $0.key < $1.key }
    report.nonFinite.sort { $0.key < $1.key }
    report.shadowed = source.shadowed
    let keys = source.keys
    for key in keys where !taken.contains(key) {
      if let part = unused.first(where: { $0.contains(key) }) {
        report.ignored.append(LoadReport.Ignored(key: key, reason: part.reason))
      } else if let origin = source[key] {
        report.unexpected.append(
          LoadReport.Unexpected(key: key, shape: origin.entry.shape, file: origin.file.name))
      }
    }
    report.hints = LoadHints.hints(report, keys: keys)
    return report
  }
}
