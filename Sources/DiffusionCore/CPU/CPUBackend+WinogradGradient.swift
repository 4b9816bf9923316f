// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// The bytes of the transformed inputs and gradients of a block of tiles.
  private static let blockByteCount = 12 << 20

  /// Whether the gradient of a kernel is one for ``winogradWeightGradient(_:_:_:to:)``: that the convolution itself is, and
  /// that the products are large beside the transforms.
  static func winogradGradientPays(weight: Shape, geometry: ConvolutionGeometry, out: Shape) -> Bool {
    winogradPays(weight: weight, geometry: geometry, out: out) && weight[0] >= 32 && weight[3] >= 32
  }

  /// The gradient of a 3x3 kernel by the adjoint of Winograd's F(4x4, 3x3): a quarter of the multiplications.
  ///
  /// Blocks of tiles one after the other, so that what is transformed stays in the outer cache; in each the 36 places are
  /// products of their own, whose sums go on from block to block. So the thread count cannot change the result.
  func winogradWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws {
    let (channels, outputs) = (out.shape[3], out.shape[0])
    let (input, upstream) = (try floats(x), try floats(gradient))
    let plan = ck_winograd(from: x.shape, to: gradient.shape, geometry)

    let tiles = x.shape[0] * gradient.shape[1].dividedRoundingUp(by: 4) * gradient.shape[2].dividedRoundingUp(by: 4)
    let fitting = max(64, Self.blockByteCount / (36 * 4 * (channels + outputs)))
    let block = tiles.dividedRoundingUp(by: max(1, tiles.dividedRoundingUp(by: fitting)))
    let gap = Int(ck_winograd_gap)
    let sumPlace = outputs * channels + gap
    let sums = try scratch([36, sumPlace])
    let values = try scratch([36, block * channels + gap])
    let slopes = try scratch([36, block * outputs + gap])
    let table = kernels.pointer.pointee
    for first in stride(from: 0, to: tiles, by: block) {
      let count = min(block, tiles - first)
      threads.forEachRun(of: count, grain: 8) { range in
        let (begin, end) = (Int64(range.lowerBound), Int64(range.upperBound))
        withUnsafePointer(to: plan) {
          table.winograd_gradient_input(
            floatAddress(values), floatAddress(input), $0, Int64(first), Int64(count), begin, end)
          table.winograd_gradient_output(
            floatAddress(slopes), floatAddress(upstream), $0, Int64(first), Int64(count), begin, end)
        }
      }
      threads.forEach(36) { place, _ in
        let left = floatAddress(slopes) + place * (count * outputs + gap)
        let right = floatAddress(values) + place * (count * channels + gap)
        Self.multiply(
          outputs, channels, count, BLASMatrix(pointer: left, leading: outputs, transposed: true),
          BLASMatrix(pointer: right, leading: channels), beta: first == 0 ? 0 : 1,
          to: floatAddress(sums) + place * sumPlace, leading: channels)
      }
    }
    try withFloats(out) { target in
      threads.forEachRun(of: outputs, grain: 8) { range in
        table.winograd_gradient_taps(
          target, floatAddress(sums), Int64(sumPlace), Int64(channels), Int64(range.lowerBound),
          Int64(range.upperBound))
      }
    }
    withExtendedLifetime((input, upstream, sums, values, slopes)) {}
  }
}
