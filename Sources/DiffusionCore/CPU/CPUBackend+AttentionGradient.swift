// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// The elements of a tile of weights, which stays in cache with its gradient.
  private static let tileElementCount = 112 << 10
  /// The fewest queries of a tile are four times as many: below, sums are read and written more often than they grow.
  private static let rowGroup = 15
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

    let table = kernels.pointer.pointee
    let tile = min(
      queries, max(4 * Self.rowGroup, min(Int(table.attention_gradient_rows), Self.tileElementCount / keys)))
    let tiles = queries.dividedRoundingUp(by: tile)
    let parts = min(tiles, Self.pieceCount.dividedRoundingUp(by: min(pairs, Self.pieceCount)))
    let tilesPerPart = tiles.dividedRoundingUp(by: parts)
    // Sums of parts, keys and values in turn.
    let sums = try parts > 1 ? scratch([2, pairs, parts, keys * width]) : nil
    let panelCount = Int(table.attention_gradient_panels(Int64(keys), Int64(width)))
    let panels = try scratch([pairs, panelCount])
    let perWorker = Int(table.attention_gradient_scratch(Int64(tile), Int64(keys), Int64(width)))
    let memory = try scratch([min(threads.threads, pairs * parts), perWorker])
    func place(_ x: Operand, _ pair: Int) -> (UnsafeMutablePointer<Float>, Int) {
      rowMatrix(x, sample: pair / heads, head: pair % heads)
    }
    threads.forEach(pairs) { pair, _ in
      let ((k, kStride), (v, vStride)) = (place(keyRows, pair), place(valueRows, pair))
      table.attention_gradient_pack(
        floatAddress(panels) + pair * panelCount, k, Int64(kStride), v, Int64(vStride), Int64(keys), Int64(width),
        scale)
    }
    threads.forEach(pairs * parts) { piece, worker in
      let (pair, part) = (piece / parts, piece % parts)
      /// Where the sums of keys (0) or values (1) go.
      func sum(_ which: Int, _ out: Operand?) -> (UnsafeMutablePointer<Float>?, Int) {
        guard let out else { return (nil, 0) }
        guard let sums else { return place(out, pair) }
        return (floatAddress(sums) + ((which * pairs + pair) * parts + part) * keys * width, width)
      }
      let ((toK, toKStride), (toV, toVStride)) = (sum(0, ofKeys), sum(1, ofValues))
      let ((own, ownStride), (d, dStride)) = (place(queryRows, pair), place(upstream, pair))
      let toQ = ofQueries.map { place($0, pair) }
      let first = part * tilesPerPart
      for index in first..<max(first, min(tiles, first + tilesPerPart)) {
        let start = index * tile
        table.attention_gradient_tile(
          toQ.map { $0.0 + start * $0.1 }, Int64(toQ?.1 ?? 0), toK, Int64(toKStride), toV, Int64(toVStride),
          own + start * ownStride, Int64(ownStride), d + start * dStride, Int64(dStride),
          Int64(min(tile, queries - start)), Int64(width), floatAddress(panels) + pair * panelCount, Int64(keys), scale,
          index > first, floatAddress(memory) + worker * perWorker)
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
    withExtendedLifetime((queryRows, keyRows, valueRows, upstream, sums, panels, memory)) {}
  }
}
