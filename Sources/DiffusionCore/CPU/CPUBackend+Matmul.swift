// SPDX-License-Identifier: Apache-2.0

import CKernels
import COpenBLAS

/// A matrix as BLAS sees it: rows one leading dimension apart, or, transposed, columns.
struct BLASMatrix {
  let pointer: UnsafeMutablePointer<Float>
  let leading: Int
  var transposed = false
  /// Between the matrices of a batch.
  var batchStride = 0

  /// The matrix without its first rows and columns, taken from the batch's element of that index.
  func dropping(rows: Int = 0, columns: Int = 0, batch: Int = 0) -> BLASMatrix {
    let offset = batch * batchStride + (transposed ? columns * leading + rows : rows * leading + columns)
    return BLASMatrix(pointer: pointer + offset, leading: leading, transposed: transposed, batchStride: batchStride)
  }
}

extension CPUBackend {
  /// `c = alpha * a b + beta * c` on one thread, with `m` rows, `n` columns and the inner extent `k`.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: BLASMatrix, _ b: BLASMatrix, alpha: Float = 1, beta: Float = 0,
    to c: UnsafeMutablePointer<Float>, leading: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n), Int32(k), alpha, a.pointer, Int32(max(a.leading, 1)), b.pointer, Int32(max(b.leading, 1)), beta, c,
      Int32(leading))
  }

  /// The operand `[B, R, C]` in BLAS form, copied only if neither axis has unit stride. Keep the operand alive.
  private func matrix(_ x: Operand) throws -> (BLASMatrix, Operand) {
    let (rows, columns) = (x.shape[1], x.shape[2])
    let (batch, down, across) = (x.view.strides[0], x.view.strides[1], x.view.strides[2])
    if x.dtype == .f32 {
      if across == 1 || columns <= 1, down >= columns || rows <= 1 {
        let leading = rows <= 1 ? columns : down
        return (BLASMatrix(pointer: floatAddress(x), leading: leading, batchStride: batch), x)
      }
      if down == 1 || rows <= 1, across >= rows {
        return (BLASMatrix(pointer: floatAddress(x), leading: across, transposed: true, batchStride: batch), x)
      }
    }
    let copied = try floats(x)
    return (BLASMatrix(pointer: floatAddress(copied), leading: columns, batchStride: rows * columns), copied)
  }

  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    let (batch, m, n, k) = (out.shape[0], out.shape[1], out.shape[2], a.shape[2])
    guard out.shape.elementCount > 0 else { return }
    // Half precision is converted as it is packed: BLAS would want a copy of the whole.
    if b.dtype != .f32 && batch == 1 && b.view.strides[2] == 1 { return try matmulByPanels(a, b, to: out) }
    let (left, leftOwner) = try matrix(a)
    let (right, rightOwner) = try matrix(b)
    let tiling = ProductTiling.blas(rows: m, columns: n, batch: batch)
    try withFloats(out) { target in
      threads.forEach(batch * tiling.count) { piece, _ in
        let sample = piece / tiling.count
        let (rows, columns) = tiling.ranges(piece % tiling.count, rows: m, columns: n)
        Self.multiply(
          rows.count, columns.count, k, left.dropping(rows: rows.lowerBound, batch: sample),
          right.dropping(columns: columns.lowerBound, batch: sample),
          to: target + (sample * m + rows.lowerBound) * n + columns.lowerBound, leading: n)
      }
    }
    withExtendedLifetime((leftOwner, rightOwner)) {}
  }

  /// A product `[1, M, K]` by `[1, K, N]`, whose rows are contiguous, of any element type.
  private func matmulByPanels(_ a: Operand, _ b: Operand, to out: Operand) throws {
    let (m, n, k) = (out.shape[1], out.shape[2], a.shape[2])
    let input = try floats(a)
    var left = ck_rows()
    left.base = UnsafePointer(floatAddress(input))
    left.stride = Int64(k)
    let weight = PackableWeight(
      pointer: UnsafeRawPointer(address(b)), dtype: b.dtype, columnStride: 1, owner: b,
      crossed: PackableWeight.Crossed(rowStride: b.view.strides[1], taps: [0]))
    let tiling = ProductTiling.panels(rows: m, columns: n)
    let perWorker = productScratch(weight, columns: tiling.columns)
    let memory = try scratch([min(threads.threads, tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(tiling.count) { [left] piece, worker in
        var left = left
        let (rows, columns) = tiling.ranges(piece, rows: m, columns: n)
        multiply(
          &left, rows: rows, taps: 1, inner: k, weight, columns: columns,
          to: target + rows.lowerBound * n + columns.lowerBound, leading: n,
          scratch: floatAddress(memory) + worker * perWorker)
      }
    }
    withExtendedLifetime((input, weight.owner, memory)) {}
  }
}
