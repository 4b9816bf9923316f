// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    guard let target = ThreeAxes(out.view, axis) else {
      let result = try scratch(out.shape, out.dtype)
      try resample(x, axis: axis, taps: taps, to: result)
      return try copy(result, to: out)
    }
    guard let source = ThreeAxes(x.view, axis) else {
      return try resample(contiguous(x), axis: axis, taps: taps, to: out)
    }
    let indices = try taps.indices.withUnsafeBytes { try makeTable(copying: $0) }
    let weights = try taps.weights.withUnsafeBytes { try makeTable(copying: $0) }
    let tables = [indices, weights].map {
      Operand(buffer: $0, view: View(contiguous: [taps.indices.count]), dtype: .f32)
    }
    let windows = try ([out, x] + tables).map(window)
    let arguments = ResampleArguments(
      count: out.shape.elementCount, extent: target.extents[1], inner: target.extents[2], width: taps.width,
      outOffset: windows[0].elementOffset, outStrides: target.strides, xOffset: windows[1].elementOffset,
      xStrides: source.strides, indicesOffset: windows[2].elementOffset, weightsOffset: windows[3].elementOffset)
    try run(
      .resample, outputConstants(out, x), windows, arguments,
      groupLimits.flat(out.shape.elementCount.dividedRoundingUp(by: 256)))
  }
}

/// A view as the axes before one axis, the axis, and those after it.
private struct ThreeAxes {
  let extents: [Int]
  let strides: [Int]

  /// nil if the axes before or after do not merge.
  init?(_ view: View, _ axis: Int) {
    func merged(_ range: Range<Int>) -> (Int, Int)? {
      let part = View(shape: Shape(Array(view.shape[range])), strides: Array(view.strides[range]))
      let nest = LoopNest([part])
      return nest.extents.count == 1 ? (nest.extents[0], nest.strides[0][0]) : nil
    }
    guard let before = merged(0..<axis), let after = merged(axis + 1..<view.shape.rank) else { return nil }
    extents = [before.0, view.shape[axis], after.0]
    strides = [before.1, view.strides[axis], after.1]
  }
}
