// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// The most bytes that partial sums may take.
  private static let partialByteCount = 128 << 20

  /// By Winograd's method where it pays, otherwise directly: patches of some output positions at a time, which stay in cache, are multiplied by the gradients there and added to
  /// one of a few partial sums; those are added in order, so that the thread count cannot change the result.
  public func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws {
    let (kh, kw, channels, outputs) = (out.shape[1], out.shape[2], out.shape[3], out.shape[0])
    let (height, width) = (x.shape[1], x.shape[2])
    let positions = gradient.shape[1] * gradient.shape[2]
    let rows = gradient.shape[0] * positions
    let columns = kh * kw * channels
    guard out.shape.elementCount > 0 else { return }
    if usesWinograd && Self.winogradGradientPays(weight: out.shape, geometry: geometry, out: gradient.shape) {
      return try winogradWeightGradient(x, geometry, gradient, to: out)
    }
    let (input, upstream) = (try floats(x), try floats(gradient))
    var patch = ck_im2col_geometry()
    patch.height = Int64(height)
    patch.width = Int64(width)
    patch.channels = Int64(channels)
    patch.pixel = Int64(channels)
    patch.kernel_height = Int64(kh)
    patch.kernel_width = Int64(kw)
    patch.out_width = Int64(gradient.shape[2])
    patch.stride = Int64(geometry.stride)
    patch.padding = Int64(geometry.paddingBefore)
    patch.upsampling = Int64(geometry.upsampling)
    patch.dilation = Int64(geometry.dilation)
    // Where a patch is a pixel, the picture itself is the matrix.
    let isPlain =
      kh * kw == 1 && geometry.stride == 1 && geometry.upsampling == 1 && geometry.paddingBefore == 0
      && geometry.paddingAfter == 0
    let chunk = max(64, min(1024, (128 << 10) / columns))
    let chunks = max(1, rows.dividedRoundingUp(by: chunk))
    let parts = max(1, min(chunks, 8, Self.partialByteCount / (4 * outputs * columns)))
    let sums = try scratch([parts, outputs * columns])
    let memory = try scratch([min(threads.threads, parts), isPlain ? 1 : chunk * columns])
    let table = kernels.pointer.pointee
    let perPart = chunks.dividedRoundingUp(by: parts) * chunk
    threads.forEach(parts) { part, worker in
      let sum = floatAddress(sums) + part * outputs * columns
      let own = floatAddress(memory) + worker * chunk * columns
      var row = part * perPart
      let end = min(rows, row + perPart)
      var isFirst = true
      while row < end {
        // Not beyond the sample: a patch is of one picture.
        let (sample, position) = (row / positions, row % positions)
        let count = min(chunk, end - row, positions - position)
        let source = floatAddress(input) + sample * height * width * channels
        let matrix: BLASMatrix
        if isPlain {
          matrix = BLASMatrix(pointer: source + position * channels, leading: channels)
        } else {
          withUnsafePointer(to: patch) { table.im2col(own, source, $0, Int64(position), Int64(count)) }
          matrix = BLASMatrix(pointer: own, leading: columns)
        }
        Self.multiply(
          outputs, columns, count,
          BLASMatrix(pointer: floatAddress(upstream) + row * outputs, leading: outputs, transposed: true), matrix,
          beta: isFirst ? 0 : 1, to: sum, leading: columns)
        isFirst = false
        row += count
      }
      if isFirst { table.fill(sum, 0, Int64(outputs * columns)) }
    }
    try withFloats(out) { target in
      let first = floatAddress(sums)
      threads.forEachRun(of: outputs * columns, grain: 16 << 10) { range in
        for index in range {
          var total = first[index]
          for part in 1..<max(parts, 1) { total += first[part * outputs * columns + index] }
          target[index] = total
        }
      }
    }
    withExtendedLifetime((input, upstream, sums, memory)) {}
  }
}
