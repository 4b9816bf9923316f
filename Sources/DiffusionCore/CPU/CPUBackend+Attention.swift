import CKernels

extension CPUBackend {
  /// Tiled attention with an online softmax: scores exist for one tile of queries and keys at a time.
  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    guard q.shape.elementCount > 0 else { return }
    let (queryRows, keyRows, valueRows) = (try rows(q), try rows(k), try rows(v))
    let direct = out.dtype == .f32 && isRowMajor(out.view)
    let result = direct ? out : try scratch(out.shape)

    let queryTile = min(queries, 128)
    let keyTile = min(keys, 512)
    let tiles = (queries + queryTile - 1) / queryTile
    let perWorker = queryTile * (keyTile + width + 2)
    let workers = min(threads.threads, batch * heads * tiles)
    let tileScratch = try scratch([workers, perWorker])
    let table = kernels.pointer.pointee
    threads.forEach(batch * heads * tiles) { piece, worker in
      let (sample, head) = (piece / (heads * tiles), piece / tiles % heads)
      let first = piece % tiles * queryTile
      let count = min(queryTile, queries - first)
      func matrix(_ x: Operand, from row: Int, transposed: Bool = false) -> BLASMatrix {
        let s = x.view.strides
        return BLASMatrix(
          pointer: floatAddress(x) + sample * s[0] + head * s[1] + row * s[2], leading: max(s[2], width),
          transposed: transposed)
      }
      let scores = floatAddress(tileScratch) + worker * perWorker
      let accumulator = scores + queryTile * keyTile
      let maxima = accumulator + queryTile * width
      let sums = maxima + queryTile
      table.fill(maxima, -.infinity, Int64(count))
      table.fill(sums, 0, Int64(count))
      table.fill(accumulator, 0, Int64(count * width))
      for firstKey in stride(from: 0, to: keys, by: keyTile) {
        let keyCount = min(keyTile, keys - firstKey)
        Self.multiply(
          count, keyCount, width, matrix(queryRows, from: first), matrix(keyRows, from: firstKey, transposed: true),
          alpha: scale, to: scores, leading: keyCount)
        table.online_softmax(scores, Int64(keyCount), maxima, sums, accumulator, Int64(width), Int64(count))
        Self.multiply(
          count, width, keyCount, BLASMatrix(pointer: scores, leading: keyCount), matrix(valueRows, from: firstKey),
          beta: 1, to: accumulator, leading: width)
      }
      for row in 0..<count {
        table.affine(
          matrix(result, from: first + row).pointer, accumulator + row * width, 1 / sums[row], 0, Int64(width))
      }
    }
    if !direct { try copy(result, to: out) }
    withExtendedLifetime((queryRows, keyRows, valueRows, tileScratch)) {}
  }

  /// Whether rows of the last axis are contiguous and apart enough to be a BLAS matrix.
  private func isRowMajor(_ view: View) -> Bool {
    (view.strides[3] == 1 || view.shape[3] == 1) && (view.strides[2] >= view.shape[3] || view.shape[2] == 1)
  }

  private func rows(_ x: Operand) throws -> Operand {
    x.dtype == .f32 && isRowMajor(x.view) ? x : try floats(x)
  }
}
