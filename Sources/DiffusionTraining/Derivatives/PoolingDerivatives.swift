// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  func pool(_ pooling: Pooling, _ geometry: PoolingGeometry, _ gradient: Tensor) throws -> Tensor {
    guard let shape = shapes[0] else { preconditionFailure("a pooling of nothing") }
    switch pooling {
    case .average(let countsPadding):
      func taps(_ axis: Int, _ kernel: Int) -> ResampleTaps {
        geometry.averageTaps(input: shape[axis], kernel: kernel, countsPadding: countsPadding).transposed
      }
      return try gradient.resampled(axis: 2, taps: taps(2, geometry.kernelWidth))
        .resampled(axis: 1, taps: taps(1, geometry.kernelHeight))
    case .max:
      return try largest(geometry, value(0), gradient)
    }
  }

  /// The elements that are the maximum of a window share its gradient.
  private func largest(_ geometry: PoolingGeometry, _ x: Tensor, _ gradient: Tensor) throws -> Tensor {
    let (shape, output, padding) = (x.shape, gradient.shape, geometry.padding)
    // All that windows see, and all of the image.
    let seen = geometry.canvasShape(input: shape, output: output)
    let extents: Shape = [shape[0], max(seen[1], padding + shape[1]), max(seen[2], padding + shape[2]), shape[3]]
    func image(_ canvas: Tensor) -> Tensor {
      canvas.sliced(axis: 1, padding..<padding + shape[1]).sliced(axis: 2, padding..<padding + shape[2])
    }
    func tap(_ canvas: Tensor, _ row: Int, _ column: Int) -> Tensor {
      canvas.stepped(axis: 1, first: row, stride: geometry.stride, count: output[1])
        .stepped(axis: 2, first: column, stride: geometry.stride, count: output[2])
    }
    let values = try Tensor(repeating: -.infinity, shape: extents, on: backend)
    try backend.copy(x.operand, to: image(values).operand)
    // Taken anew: stored in half precision it may be another.
    let top = try x.maxPooled(geometry)
    let taps = (0..<geometry.kernelHeight).flatMap { row in (0..<geometry.kernelWidth).map { (row, $0) } }
    func isTop(_ row: Int, _ column: Int) throws -> Tensor {
      try Tensor.greater(top, tap(values, row, column)).complement()
    }
    var count = try Tensor(repeating: 0, shape: output, on: backend)
    for (row, column) in taps { count = try count + isTop(row, column) }
    let share = try gradient / count
    let sum = try Tensor(repeating: 0, shape: extents, on: backend)
    for (row, column) in taps {
      let place = tap(sum, row, column)
      // Windows of one tap do not overlap each other.
      try backend.copy((place + isTop(row, column) * share).operand, to: place.operand)
    }
    return image(sum)
  }
}
