// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// The elements of a tile of weights, which stays in cache with its gradient.
  private static let tileElementCount = 256 << 10
  /// The pieces of work that there should be, where heads are few.
  private static let pieceCount = 8

  /// A tile of queries at a time: their weights are computed again, and all five products of the derivative are made while
  /// the tile is in cache. Sums over queries of a head, or of a part of it where heads are few, go on from tile to tile;
  /// those of parts are added in order, so that the thread count cannot change the result.
  public func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let (pairs, keys) = (batch * heads, k.shape[2])
    guard q.shape.elementCount > 0, keys > 0 else {
      for out in [toQueries, toKeys, toValues] { if let out { try fill(out, with: 0) } }
      return
    }
    let (queryRows, keyRows, valueRows, upstream) = (try rows(q), try rows(k), try rows(v), try rows(gradient))
    func result(_ out: Operand?) throws -> Operand? {
      try out.map { $0.dtype == .f32 && isRowMajor($0.view) ? $0 : try scratch($0.shape) }
    }
    let (ofQueries, ofKeys, ofValues) = (try result(toQueries), try result(toKeys), try result(toValues))

    let tile = min(queries, max(32, min(256, Self.tileElementCount / keys)))
    let tiles = queries.dividedRoundingUp(by: tile)
    let parts = min(tiles, Self.pieceCount.dividedRoundingUp(by: min(pairs, Self.pieceCount)))
    let tilesPerPart = tiles.dividedRoundingUp(by: parts)
    // Sums of parts, keys and values in turn.
    let sums = try parts > 1 ? scratch([2, pairs, parts, keys * width]) : nil
    let memory = try scratch([min(threads.threads, pairs * parts), 2 * tile * keys])
    let table = kernels.pointer.pointee
    func matrix(_ x: Operand, _ pair: Int, transposed: Bool = false) -> BLASMatrix {
      let (pointer, leading) = rowMatrix(x, sample: pair / heads, head: pair % heads)
      return BLASMatrix(pointer: pointer, leading: leading, transposed: transposed)
    }
    threads.forEach(pairs * parts) { piece, worker in
      let (pair, part) = (piece / parts, piece % parts)
      let weights = floatAddress(memory) + worker * 2 * tile * keys
      let slopes = weights + tile * keys
      /// Where the sums of keys (0) or values (1) go.
      func sum(_ which: Int, _ out: Operand) -> (UnsafeMutablePointer<Float>, Int) {
        guard let sums else { return rowMatrix(out, sample: pair / heads, head: pair % heads) }
        return (floatAddress(sums) + ((which * pairs + pair) * parts + part) * keys * width, width)
      }
      let first = part * tilesPerPart
      for index in first..<max(first, min(tiles, first + tilesPerPart)) {
        let start = index * tile
        let count = min(tile, queries - start)
        let beta: Float = index == first ? 0 : 1
        let own = matrix(queryRows, pair).dropping(rows: start)
        let d = matrix(upstream, pair).dropping(rows: start)
        func across(_ x: BLASMatrix) -> BLASMatrix {
          BLASMatrix(pointer: x.pointer, leading: x.leading, transposed: true)
        }
        Self.multiply(
          count, keys, width, own, across(matrix(keyRows, pair)), to: weights, leading: keys)
        table.softmax_rows(weights, weights, scale, Int64(count), Int64(keys))
        let weightMatrix = BLASMatrix(pointer: weights, leading: keys, transposed: true)
        if let ofValues {
          let (target, leading) = sum(1, ofValues)
          Self.multiply(keys, width, count, weightMatrix, d, beta: beta, to: target, leading: leading)
        }
        guard ofQueries != nil || ofKeys != nil else { continue }
        Self.multiply(count, keys, width, d, across(matrix(valueRows, pair)), to: slopes, leading: keys)
        table.softmax_slopes(slopes, weights, slopes, scale, Int64(count), Int64(keys))
        if let ofQueries {
          let target = matrix(ofQueries, pair).dropping(rows: start)
          Self.multiply(
            count, width, keys, BLASMatrix(pointer: slopes, leading: keys), matrix(keyRows, pair), to: target.pointer,
            leading: target.leading)
        }
        if let ofKeys {
          let (target, leading) = sum(0, ofKeys)
          Self.multiply(
            keys, width, count, BLASMatrix(pointer: slopes, leading: keys, transposed: true), own, beta: beta,
            to: target, leading: leading)
        }
      }
    }
    if let sums {
      // A last part may be empty, and then holds nothing.
      let filled = tiles.dividedRoundingUp(by: tilesPerPart)
      for (which, out) in [(0, ofKeys), (1, ofValues)] {
        guard let out else { continue }
        threads.forEach(pairs) { pair, _ in
          let (target, leading) = rowMatrix(out, sample: pair / heads, head: pair % heads)
          let source = floatAddress(sums) + (which * pairs + pair) * parts * keys * width
          for row in 0..<keys {
            for column in 0..<width {
              var total = source[row * width + column]
              for part in 1..<max(filled, 1) { total += source[(part * keys + row) * width + column] }
              target[row * leading + column] = total
            }
          }
        }
      }
    }
    for (made, out) in [(ofQueries, toQueries), (ofKeys, toKeys), (ofValues, toValues)] {
      if let made, let out, made.buffer !== out.buffer { try copy(made, to: out) }
    }
    withExtendedLifetime((queryRows, keyRows, valueRows, upstream, sums, memory)) {}
  }
}
