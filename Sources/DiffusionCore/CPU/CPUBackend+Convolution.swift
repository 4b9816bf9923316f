import CKernels

extension CPUBackend {
  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    try directConvolution(
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
      try directConvolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }

  /// A product whose left side is read through the image: a row of it is the patch that an output position sees.
  private func directConvolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (kernelHeight, kernelWidth) = (weight.shape[1], weight.shape[2])
    let (positions, n) = (out.shape[1] * out.shape[2], out.shape[3])
    let (input, weights) = (try floats(x), try packable(weight))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    var patch = ck_im2col_geometry()
    patch.height = Int64(height)
    patch.width = Int64(width)
    patch.channels = Int64(channels)
    patch.kernel_height = Int64(kernelHeight)
    patch.kernel_width = Int64(kernelWidth)
    patch.out_width = Int64(out.shape[2])
    patch.stride = Int64(geometry.stride)
    patch.padding = Int64(geometry.paddingBefore)
    patch.upsampling = Int64(geometry.upsampling)
    let tiling = ProductTiling.panels(rows: positions, columns: n, batch: batch)
    // With few channels the runs of a patch are too short for the product: such patches are unrolled first.
    let taps = kernelHeight * kernelWidth
    let unrolls = taps > 1 && channels < 32
    let k = taps * channels
    let table = kernels.pointer.pointee
    let productCount = Int(table.product_scratch(Int64(tiling.columns)))
    let perWorker = productCount + (unrolls ? tiling.rows * k : 0)
    let memory = try scratch([min(threads.threads, batch * tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(batch * tiling.count) { piece, worker in
        let (sample, tile) = (piece / tiling.count, piece % tiling.count)
        let (rows, columns) = tiling.ranges(tile, rows: positions, columns: n)
        let product = floatAddress(memory) + worker * perWorker
        let source = floatAddress(input) + sample * height * width * channels
        let start = (sample * positions + rows.lowerBound) * n + columns.lowerBound
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
          table.product_tile(
            target + start, Int64(n), &left, unrolls ? 0 : Int64(rows.lowerBound), Int64(rows.count),
            unrolls ? 1 : Int64(taps), Int64(unrolls ? k : channels), weights.pointer, weights.dtype.code,
            Int64(columns.lowerBound * weights.columnStride), Int64(weights.columnStride), Int64(columns.count), product
          )
        }
        table.epilogue(
          target + start, Int64(n), offsets.map { floatAddress($0) + columns.lowerBound }, activation.code,
          added.map { floatAddress($0) + start }, Int64(n), Int64(rows.count), Int64(columns.count))
      }
    }
    withExtendedLifetime((input, weights.owner, offsets, added, memory)) {}
  }
}
