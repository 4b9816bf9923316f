// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// Whether a convolution is one for ``winogradConvolution``: 3x3 with stride 1, neither dilated nor in groups, and enough channels and outputs that
  /// the transforms are small beside the products.
  static func winogradPays(weight: Shape, geometry: ConvolutionGeometry, out: Shape) -> Bool {
    weight[1] == 3 && weight[2] == 3 && geometry.stride == 1 && geometry.dilation == 1
      && geometry.groups == 1 && weight[0] >= 16 && weight[3] >= 16
      && out[1] * out[2] >= 16
  }

  /// A 3x3 convolution by Winograd's F(4x4, 3x3): a quarter of the multiplications.
  ///
  /// Blocks of tiles one after the other: first all their inputs are transformed, then each piece takes some output
  /// channels, transforms their kernels, sums the products and finishes them. Only a block's transformed inputs are in
  /// memory, and they fit the outer cache.
  func winogradConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    try winogradConvolution(
      x, packable(contiguous(weight)), bias: bias.map(floats), geometry: geometry, activation: activation,
      residual: residual.map(floats), to: out)
  }

  /// The same with a weight that is ready to be packed, and floats without gaps.
  func winogradConvolution(
    _ x: Operand, _ weights: PackableWeight, bias offsets: Operand?, geometry: ConvolutionGeometry,
    activation: Activation, residual added: Operand?, to out: Operand
  ) throws {
    let (channels, outputs) = (x.shape[3], out.shape[3])
    let input = try floats(x)
    let plan = ck_winograd(from: x.shape, to: out.shape, geometry)

    let tiles = x.shape[0] * ((out.shape[1] + 3) / 4) * ((out.shape[2] + 3) / 4)
    let blocks = max(1, tiles / max(64, (8 << 20) / (36 * 4 * channels)))
    let block = tiles.dividedRoundingUp(by: blocks)
    let columns = min(outputs, 32)
    let pieces = outputs.dividedRoundingUp(by: columns)
    let table = kernels.pointer.pointee
    let sumCount = Int(table.winograd_sums(Int64(block), Int64(columns)))
    let perWorker = sumCount + Int(table.winograd_scratch(Int64(columns)))
    let values = try scratch([Int(table.winograd_values(Int64(block), Int64(channels)))])
    let memory = try scratch([min(threads.threads, pieces), perWorker])
    try withFloats(out) { target in
      for first in stride(from: 0, to: tiles, by: block) {
        let count = min(block, tiles - first)
        threads.forEachRun(of: count, grain: 8) { range in
          withUnsafePointer(to: plan) {
            table.winograd_input(
              floatAddress(values), floatAddress(input), $0, Int64(first), Int64(count), Int64(range.lowerBound),
              Int64(range.upperBound))
          }
        }
        threads.forEach(pieces) { piece, worker in
          let column = piece * columns
          let width = min(columns, outputs - column)
          let sums = floatAddress(memory) + worker * perWorker
          if let crossed = weights.crossed {
            weights.withCrossed(crossed) {
              table.winograd_product_crossed(
                sums, floatAddress(values), Int64(count), Int64(channels), $0, Int64(column), Int64(width),
                sums + sumCount)
            }
          } else {
            table.winograd_product(
              sums, floatAddress(values), Int64(count), Int64(channels), weights.pointer, weights.dtype.code,
              Int64(column * weights.columnStride), Int64(width), sums + sumCount)
          }
          withUnsafePointer(to: plan) {
            table.winograd_output(
              target, sums, $0, Int64(first), Int64(count), Int64(column), Int64(width),
              offsets.map { floatAddress($0) }, activation.code, added.map { floatAddress($0) })
          }
        }
      }
    }
    withExtendedLifetime((input, weights.owner, offsets, added, values, memory)) {}
  }

  /// The operand itself if it has no gaps, else a copy that has none.
  private func contiguous(_ x: Operand) throws -> Operand { x.view.isContiguous ? x : try floats(x) }
}

extension ck_winograd {
  /// The tiles of a convolution, by the shapes of its images.
  init(from input: Shape, to output: Shape, _ geometry: ConvolutionGeometry) {
    self.init()
    height = Int64(input[1])
    width = Int64(input[2])
    channels = Int64(input[3])
    out_height = Int64(output[1])
    out_width = Int64(output[2])
    out_channels = Int64(output[3])
    padding = Int64(geometry.paddingBefore)
    upsampling = Int64(geometry.upsampling)
  }
}
