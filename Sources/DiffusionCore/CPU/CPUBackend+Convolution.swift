import CKernels

extension CPUBackend {
  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try convolution(
      x, weight: weight, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  /// Implicit GEMM: each piece unrolls the patches of its own output positions, multiplies, and finishes them.
  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (kernelHeight, kernelWidth) = (weight.shape[1], weight.shape[2])
    let (positions, n) = (out.shape[1] * out.shape[2], out.shape[3])
    guard out.shape.elementCount > 0 else { return }
    let (input, weights) = (try floats(x), try floats(weight))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    let k = kernelHeight * kernelWidth * channels
    let right = BLASMatrix(pointer: floatAddress(weights), leading: k, transposed: true)
    let pointwise =
      kernelHeight == 1 && kernelWidth == 1 && geometry == ConvolutionGeometry()
    let tiling = ProductTiling(rows: positions, columns: n, batch: batch)
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
    let perWorker = pointwise ? 0 : tiling.rows * k
    let patches = try scratch([min(threads.threads, batch * tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(batch * tiling.count) { piece, worker in
        let (sample, tile) = (piece / tiling.count, piece % tiling.count)
        let (rows, columns) = tiling.ranges(tile, rows: positions, columns: n)
        let source = floatAddress(input) + sample * height * width * channels
        let left: UnsafeMutablePointer<Float>
        if pointwise {
          left = source + rows.lowerBound * channels
        } else {
          left = floatAddress(patches) + worker * perWorker
          withUnsafePointer(to: patch) {
            kernels.pointer.pointee.im2col(left, source, $0, Int64(rows.lowerBound), Int64(rows.count))
          }
        }
        let start = (sample * positions + rows.lowerBound) * n + columns.lowerBound
        Self.multiply(
          rows.count, columns.count, k, BLASMatrix(pointer: left, leading: k),
          right.dropping(columns: columns.lowerBound), to: target + start, leading: n)
        kernels.pointer.pointee.epilogue(
          target + start, Int64(n), offsets.map { floatAddress($0) + columns.lowerBound }, activation.code,
          added.map { floatAddress($0) + start }, Int64(n), Int64(rows.count), Int64(columns.count))
      }
    }
    withExtendedLifetime((input, weights, offsets, added, patches)) {}
  }
}
