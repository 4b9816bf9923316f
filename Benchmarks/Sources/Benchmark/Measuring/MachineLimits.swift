// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What the backend reaches at best on this machine, measured in this process.
struct MachineLimits: Codable {
  /// How fast a tensor is copied that is read and written as a whole.
  struct CopyRate: Codable {
    /// Bytes read and written.
    let bytes: Int
    let gigabytesPerSecond: Double
  }

  /// The side of the matrices of the product.
  let side: Int
  /// The rate of a product of two square matrices, stored as the backend stores results.
  let gigaflopPerSecond: Double
  /// From what caches hold to what only memory holds.
  let copyRates: [CopyRate]

  /// Measures both limits. A limit is the fastest run, not the median.
  static func measure(on backend: any Backend) throws -> MachineLimits {
    let source = try RandomParameters(backend: backend, dtype: backend.storageType)
    func product(_ side: Int) throws -> Double {
      let matrix = try source.values([side, side])
      return try fastest(of: 4) {
        _ = try matrix.linear(weight: matrix)
        try backend.finish()
      }
    }
    // A device emulated in software would take a minute for the large one, and is no slower with the small one.
    let small = try product(512)
    let side = small < 0.1 ? 2048 : 512
    let seconds = side == 512 ? small : try product(side)
    var rates: [CopyRate] = []
    for megabytes in [1, 8, 128] {
      let source = try Tensor(repeating: 1, shape: [megabytes << 18], on: backend)
      let target = try Tensor(repeating: 0, shape: source.shape, on: backend)
      // A small copy is repeated, so that the clock and the wait for the device do not count.
      let repeats = max(1, 128 / megabytes)
      let seconds = try fastest(of: 5) {
        for _ in 0..<repeats { try backend.copy(source.operand, to: target.operand) }
        try backend.finish()
      }
      let bytes = 2 * megabytes << 20
      rates.append(CopyRate(bytes: bytes, gigabytesPerSecond: Double(bytes * repeats) / seconds / 1e9))
    }
    backend.releaseCachedMemory()
    return MachineLimits(
      side: side, gigaflopPerSecond: 2 * Double(side * side * side) / seconds / 1e9, copyRates: rates)
  }

  private static func fastest(of runs: Int, _ body: () throws -> Void) throws -> Double {
    let clock = ContinuousClock()
    return try (0..<runs).map { _ in try clock.measure(body) / .seconds(1) }.min() ?? 0
  }

  /// The least time of an operation, in seconds: its arithmetic or its traffic, whichever takes longer.
  ///
  /// The traffic goes at the rate of a copy of about that size, since small operands stay in a cache.
  func floor(_ operation: CallRecord) -> Double {
    let bytes = operation.byteCount
    let rate = copyRates.first { bytes <= $0.bytes } ?? copyRates.last
    let moving = rate.map { Double(bytes) / ($0.gigabytesPerSecond * 1e9) } ?? 0
    return max(operation.flops / (gigaflopPerSecond * 1e9), moving)
  }

  var description: String {
    let copies = copyRates.map { "\(Console.number($0.gigabytesPerSecond, 1)) GB/s (\($0.bytes >> 20) MiB)" }
    return "limits: matrix product \(side)^3 \(Console.number(gigaflopPerSecond, 1)) GFLOP/s; copying "
      + copies.joined(separator: ", ")
  }
}
