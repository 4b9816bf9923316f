// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// What a network took that worked on a picture: loading and running it.
struct NetworkWork: Encodable {
  /// Its name.
  let network: String
  private(set) var seconds = 0.0
  /// What it was thought to take before it started, in bytes.
  let estimatedMemoryBytes: Int
  private(set) var peakMemoryBytes = 0
  private let start = ContinuousClock.now

  enum CodingKeys: String, CodingKey {
    case network, seconds, estimatedMemoryBytes, peakMemoryBytes
  }

  init(_ network: String, _ demand: MemoryDemand) {
    self.network = network
    estimatedMemoryBytes = demand.peakBytes + MemoryEstimate.programBytes
  }

  /// The work is done.
  mutating func finish() {
    seconds = ((ContinuousClock.now - start) / .seconds(1) * 1000).rounded() / 1000
    peakMemoryBytes = ProcessUsage.peakMemory
  }

  /// In a line.
  func text(_ task: String) -> String {
    "colorize: \(task) with \(network) took \(Format.decimal(seconds, 2)) s, peak memory \(Format.bytes(peakMemoryBytes)), "
      + "\(Format.bytes(estimatedMemoryBytes)) expected"
  }
}
