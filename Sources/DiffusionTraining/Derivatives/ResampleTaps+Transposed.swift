// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ResampleTaps {
  /// The transposed linear map: for every input, which outputs read it and with which weights.
  var transposed: ResampleTaps {
    var readers = [[(output: Int32, weight: Float)]](repeating: [], count: inputExtent)
    for output in 0..<outputExtent {
      for tap in output * width..<(output + 1) * width where weights[tap] != 0 {
        readers[Int(indices[tap])].append((Int32(output), weights[tap]))
      }
    }
    let width = max(1, readers.map(\.count).max() ?? 1)
    var indices = [Int32](repeating: 0, count: inputExtent * width)
    var weights = [Float](repeating: 0, count: inputExtent * width)
    for (input, outputs) in readers.enumerated() {
      for (place, reader) in outputs.enumerated() {
        indices[input * width + place] = reader.output
        weights[input * width + place] = reader.weight
      }
    }
    return ResampleTaps(
      inputExtent: outputExtent, outputExtent: inputExtent, width: width, indices: indices, weights: weights)
  }
}
