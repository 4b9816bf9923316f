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

/// How a product is cut into pieces. It depends on the shape alone, so that the thread count cannot change a result.
struct ProductTiling {
  let rows: Int
  let columns: Int
  let rowTiles: Int
  let columnTiles: Int

  init(rows m: Int, columns n: Int, batch: Int = 1) {
    // BLAS repacks the right side for every tile of rows: tall tiles amortise it. Where they are few, columns are cut
    // too, so that there is work for about eight threads or more.
    rows = max(1, min(m, 384))
    rowTiles = (m + rows - 1) / rows
    let wanted = max(1, 8 / max(1, rowTiles * batch))
    columns = max(1, min(n, max(64, (n + wanted - 1) / wanted + 15) / 16 * 16))
    columnTiles = (n + columns - 1) / columns
  }

  var count: Int { rowTiles * columnTiles }

  func ranges(_ piece: Int, rows m: Int, columns n: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (piece / columnTiles * rows, piece % columnTiles * columns)
    return (row..<min(row + rows, m), column..<min(column + columns, n))
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
    let (left, leftOwner) = try matrix(a)
    let (right, rightOwner) = try matrix(b)
    let tiling = ProductTiling(rows: m, columns: n, batch: batch)
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

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    let (m, k, n) = (x.shape[0], x.shape[1], weight.shape[0])
    guard m > 0, n > 0 else { return }
    let (input, weights) = (try floats(x), try floats(weight))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    let left = BLASMatrix(pointer: floatAddress(input), leading: k)
    let right = BLASMatrix(pointer: floatAddress(weights), leading: k, transposed: true)
    let tiling = ProductTiling(rows: m, columns: n)
    try withFloats(out) { target in
      threads.forEach(tiling.count) { piece, _ in
        let (rows, columns) = tiling.ranges(piece, rows: m, columns: n)
        let start = rows.lowerBound * n + columns.lowerBound
        Self.multiply(
          rows.count, columns.count, k, left.dropping(rows: rows.lowerBound),
          right.dropping(columns: columns.lowerBound),
          to: target + start, leading: n)
        kernels.pointer.pointee.epilogue(
          target + start, Int64(n), offsets.map { floatAddress($0) + columns.lowerBound }, activation.code,
          added.map { floatAddress($0) + start }, Int64(n), Int64(rows.count), Int64(columns.count))
      }
    }
    withExtendedLifetime((input, weights, offsets, added)) {}
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let (m, k, n) = (x.shape[0], x.shape[1], out.shape[1])
    guard m > 0, n > 0 else { return }
    let (input, weights, offsets) = (try floats(x), try floats(weight), try floats(bias))
    let left = BLASMatrix(pointer: floatAddress(input), leading: k)
    let right = BLASMatrix(pointer: floatAddress(weights), leading: k, transposed: true)
    let tiling = ProductTiling(rows: m, columns: n)
    // Both halves of a tile are made side by side in memory that stays in cache until they are multiplied.
    let perWorker = tiling.rows * tiling.columns * 2
    let scratchOperand = try scratch([min(threads.threads, tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(tiling.count) { piece, worker in
        let (rows, columns) = tiling.ranges(piece, rows: m, columns: n)
        let tile = floatAddress(scratchOperand) + worker * perWorker
        let width = columns.count
        for half in 0..<2 {
          Self.multiply(
            rows.count, width, k, left.dropping(rows: rows.lowerBound),
            right.dropping(columns: half * n + columns.lowerBound), to: tile + half * width, leading: 2 * width)
        }
        let b = floatAddress(offsets) + columns.lowerBound
        kernels.pointer.pointee.gate(
          target + rows.lowerBound * n + columns.lowerBound, Int64(n), tile, Int64(2 * width), tile + width,
          Int64(2 * width), b, b + n, Int64(rows.count), Int64(width))
      }
    }
    withExtendedLifetime((input, weights, offsets, scratchOperand)) {}
  }
}
