// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  public var takesDilationAndGroups: Bool { true }

  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try otherConvolution(
      x, weight: weight, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  /// By Winograd's method where it applies and pays, otherwise directly.
  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    if usesWinograd && Self.winogradPays(weight: weight.shape, geometry: geometry, out: out.shape) {
      try winogradConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    } else {
      try otherConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }

  private func otherConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    // One channel in, one out for each group: nothing to multiply matrices of. In `f32` only, as this loop rounds no
    // factors.
    if precision == .f32 && geometry.groups > 1 && weight.shape[3] == 1 && weight.shape[0] == geometry.groups {
      try depthwiseConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    } else if precision == .f32 && weight.shape[0] == 1 {
      try singleConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    } else {
      try directConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }

  private func patch(_ x: Shape, weight: Shape, geometry: ConvolutionGeometry, out: Shape) -> ck_im2col_geometry {
    var patch = ck_im2col_geometry()
    patch.height = Int64(x[1])
    patch.width = Int64(x[2])
    patch.channels = Int64(weight[3])
    patch.pixel = Int64(x[3])
    patch.kernel_height = Int64(weight[1])
    patch.kernel_width = Int64(weight[2])
    patch.out_width = Int64(out[2])
    patch.stride = Int64(geometry.stride)
    patch.padding = Int64(geometry.paddingBefore)
    patch.upsampling = Int64(geometry.upsampling)
    patch.dilation = Int64(geometry.dilation)
    return patch
  }

  /// Each channel by itself: limited by memory, so that a plain loop over the taps is as good as any.
  private func depthwiseConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let (batch, channels, positions) = (x.shape[0], x.shape[3], out.shape[1] * out.shape[2])
    let input = try floats(x)
    // The taps of a channel lie apart, those of neighbouring channels side by side.
    let factors = try floats(weight.with(weight.view.permuted([1, 2, 3, 0])))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    var patch = patch(x.shape, weight: weight.shape, geometry: geometry, out: out.shape)
    patch.channels = Int64(channels)
    let table = kernels.pointer.pointee
    let grain = max(1, (16 << 10) / channels)
    let runs = positions.dividedRoundingUp(by: grain)
    try withFloats(out) { target in
      threads.forEach(batch * runs) { piece, _ in
        let (sample, first) = (piece / runs, piece % runs * grain)
        let count = min(grain, positions - first)
        let start = (sample * positions + first) * channels
        withUnsafePointer(to: patch) {
          table.depthwise(
            target + start, floatAddress(input) + sample * x.shape[1] * x.shape[2] * channels, $0,
            floatAddress(factors), Int64(first), Int64(count))
        }
        table.epilogue(
          target + start, Int64(channels), offsets.map { floatAddress($0) }, activation.code,
          added.map { floatAddress($0) + start }, Int64(channels), Int64(count), Int64(channels))
      }
    }
    withExtendedLifetime((input, factors, offsets, added)) {}
  }

  /// To one channel: a product would compute a whole panel of columns for it. Sums run along the channels instead, in `f32`
  /// only, as above.
  private func singleConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let (batch, positions) = (x.shape[0], out.shape[1] * out.shape[2])
    let (input, factors) = (try floats(x), try floats(weight))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    let patch = patch(x.shape, weight: weight.shape, geometry: geometry, out: out.shape)
    let table = kernels.pointer.pointee
    let grain = 1 << 10
    let runs = positions.dividedRoundingUp(by: grain)
    try withFloats(out) { target in
      threads.forEach(batch * runs) { piece, _ in
        let (sample, first) = (piece / runs, piece % runs * grain)
        let count = min(grain, positions - first)
        let start = sample * positions + first
        withUnsafePointer(to: patch) {
          table.single(
            target + start, floatAddress(input) + sample * x.shape[1] * x.shape[2] * x.shape[3], $0,
            floatAddress(factors), Int64(first), Int64(count))
        }
        table.epilogue(
          target + start, 1, offsets.map { floatAddress($0) }, activation.code, added.map { floatAddress($0) + start },
          1,
          Int64(count), 1)
      }
    }
    withExtendedLifetime((input, factors, offsets, added)) {}
  }

  /// A product for each group, whose left side is read through the image: a row of it is the patch that an output position sees.
  private func directConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let weights = try packable(weight)
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    try directConvolution(
      x, weights, kernel: weight.shape, bias: offsets, geometry: geometry, activation: activation, residual: added,
      to: out)
  }

  /// The same with a weight that is ready to be packed, for a kernel `[O, kh, kw, I]`, and floats without gaps.
  func directConvolution(
    _ x: Operand, _ weights: PackableWeight, kernel: Shape, bias offsets: Operand?, geometry: ConvolutionGeometry,
    activation: Activation, residual added: Operand?, to out: Operand
  ) throws {
    let (batch, pixels, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
    let (positions, n) = (out.shape[1] * out.shape[2], out.shape[3])
    // Of one group.
    let (groups, inputs, outputs) = (geometry.groups, kernel[3], n / geometry.groups)
    let input = try floats(x)
    let patch = patch(x.shape, weight: kernel, geometry: geometry, out: out.shape)
    let tiling = ProductTiling.panels(rows: positions, columns: outputs, batch: batch * groups)
    // With few channels the runs of a patch are too short for the product: such patches are unrolled first.
    let taps = kernel[1] * kernel[2]
    let unrolls = taps > 1 && inputs < 32 && weights.crossed == nil
    let k = taps * inputs
    let table = kernels.pointer.pointee
    let productCount = productScratch(weights, columns: tiling.columns)
    let perWorker = productCount + (unrolls ? tiling.rows * k : 0)
    let memory = try scratch([min(threads.threads, batch * groups * tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(batch * groups * tiling.count) { piece, worker in
        let (place, tile) = (piece / tiling.count, piece % tiling.count)
        let (sample, group) = (place / groups, place % groups)
        let (rows, columns) = tiling.ranges(tile, rows: positions, columns: outputs)
        let product = floatAddress(memory) + worker * perWorker
        let source = floatAddress(input) + sample * pixels * channels + group * inputs
        let column = group * outputs + columns.lowerBound
        let start = (sample * positions + rows.lowerBound) * n + column
        withUnsafePointer(to: patch) { patch in
          var left = ck_rows()
          if unrolls {
            table.im2col(product + productCount, source, patch, Int64(rows.lowerBound), Int64(rows.count))
            left.base = UnsafePointer(product + productCount)
            left.stride = Int64(k)
          } else {
            left.base = UnsafePointer(source)
            left.stride = Int64(channels)
            left.patches = patch
          }
          multiply(
            &left, rows: unrolls ? 0..<rows.count : rows, taps: unrolls ? 1 : taps, inner: unrolls ? k : inputs,
            weights,
            columns: column..<column + columns.count, to: target + start, leading: n, scratch: product)
        }
        table.epilogue(
          target + start, Int64(n), offsets.map { floatAddress($0) + column }, activation.code,
          added.map { floatAddress($0) + start }, Int64(n), Int64(rows.count), Int64(columns.count))
      }
    }
    withExtendedLifetime((input, weights.owner, offsets, added, memory)) {}
  }
}
