// SPDX-License-Identifier: Apache-2.0

extension CPUBackend {
  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    let outer = x.shape[..<axis].reduce(1, *)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    guard out.shape.elementCount > 0 else { return }
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      let grain = max(1, (16 << 10) / (taps.outputExtent * inner))
      threads.forEachRun(of: outer, grain: grain) { range in
        kernels.pointer.pointee.resample(
          target, source, taps.indices, taps.weights, Int64(taps.width), Int64(range.lowerBound),
          Int64(range.upperBound), Int64(taps.inputExtent), Int64(taps.outputExtent), Int64(inner))
      }
    }
    withExtendedLifetime(input) {}
  }
}
