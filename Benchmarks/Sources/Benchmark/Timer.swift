import DiffusionCore
import Foundation

/// Runs and records.
final class Timer {
  struct Row: Encodable {
    let name: String
    let milliseconds: Double
    let fastest: Double
    let slowest: Double
    let gigaflop: Double
    let gigaflopPerSecond: Double
  }

  let backend: any Backend
  let runs: Int
  let quiet: Bool
  private(set) var rows: [Row] = []
  private(set) var peak = 0.0

  init(backend: any Backend, runs: Int, quiet: Bool) {
    self.backend = backend
    self.runs = runs
    self.quiet = quiet
  }

  /// The rate of a large square matrix product, which stands for what the machine can do.
  func measurePeak() throws {
    let n = 2048
    let a = try Tensor(repeating: 0.5, shape: [n, n], on: backend)
    try time("peak: matrix product 2048^3", gigaflop: 2 * Double(n * n * n) / 1e9) { try a.linear(weight: a) }
    peak = rows.last?.gigaflopPerSecond ?? 0
  }

  /// Times `body` after one run to warm up; the result is waited for.
  @discardableResult
  func time(_ name: String, gigaflop: Double, _ body: () throws -> Tensor) throws -> Double {
    func once() throws -> Double {
      let clock = ContinuousClock()
      let start = clock.now
      let result = try body()
      // Reading one element waits for a backend that works behind the caller's back.
      let count = result.shape.elementCount
      _ = try result.reshaped([count]).sliced(axis: 0, 0..<min(1, count)).floats()
      return (clock.now - start) / .milliseconds(1)
    }
    _ = try once()
    let times = try (0..<runs).map { _ in try once() }.sorted()
    let median = times[times.count / 2]
    let row = Row(
      name: name, milliseconds: median, fastest: times[0], slowest: times[times.count - 1], gigaflop: gigaflop,
      gigaflopPerSecond: gigaflop / median * 1000)
    rows.append(row)
    if !quiet { print(line(row)) }
    return median
  }

  private func line(_ row: Row) -> String {
    let floor = peak > 0 ? row.gigaflop / peak * 1000 : row.milliseconds
    let name = row.name.padding(toLength: 44, withPad: " ", startingAt: 0)
    return name
      + String(
        format: "%10.1f ms  (%.1f to %.1f)  %8.1f GFLOP/s  floor %8.1f ms  %3.0f %% of floor", row.milliseconds,
        row.fastest, row.slowest, row.gigaflopPerSecond, floor, floor / row.milliseconds * 100)
  }

  /// The highest resident size of this process so far, in GiB.
  var peakResident: Double {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which on Linux is imported as another type than the parameter's.
    getrusage(0, &usage)
    return Double(usage.ru_maxrss) / 1_048_576
  }

  var summary: String { String(format: "peak resident memory %.2f GiB", peakResident) }

  func json() throws -> String {
    struct Report: Encodable {
      let backend: String
      let peakGigaflopPerSecond: Double
      let peakResidentGiB: Double
      let rows: [Row]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let report = Report(
      backend: backend.name, peakGigaflopPerSecond: peak, peakResidentGiB: peakResident, rows: rows)
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }
}
