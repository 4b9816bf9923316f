// SPDX-License-Identifier: Apache-2.0

extension CPUBackend {
  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    let outer = x.shape[..<axis].reduce(1, *)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    guard out.shape.elementCount > 0 else { return }
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      // Rows of the result, of all outer positions: an image's first axis has one of these alone.
      let (extent, width) = (taps.outputExtent, taps.width)
      let grain = max(1, (16 << 10) / max(inner, 1))
      threads.forEachRun(of: outer * extent, grain: grain) { range in
        taps.indices.withUnsafeBufferPointer { indices in
          taps.weights.withUnsafeBufferPointer { weights in
            guard let indices = indices.baseAddress, let weights = weights.baseAddress else {
              return
            }
            var row = range.lowerBound
            while row < range.upperBound {
              let (place, first) = (row / extent, row % extent)
              let count = min(extent - first, range.upperBound - row)
              kernels.pointer.pointee.resample(
                target + row * inner, source + place * taps.inputExtent * inner,
                indices + first * width,
                weights + first * width, Int64(width), 0, 1, Int64(taps.inputExtent), Int64(count),
                Int64(inner))
              row += count
            }
          }
        }
      }
    }
    withExtendedLifetime(input) {}
  }
}
