// SPDX-License-Identifier: Apache-2.0

import CKernels
import Glibc

extension CPUBackend {
  /// Tiled attention with an online softmax: scores exist for one tile of queries and keys at a time.
  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    guard q.shape.elementCount > 0 else { return }
    let (queryRows, keyRows, valueRows) = (try rows(q), try rows(k), try rows(v))
    let direct = out.dtype == .f32 && isRowMajor(out.view)
    let result = direct ? out : try scratch(out.shape)

    // Keys and values of a head are packed once, then its queries are taken a tile at a time.
    let table = kernels.pointer.pointee
    let panel = Int(table.panel_columns)
    let (keyCount, valueCount) = Self.packedCounts(keys: keys, width: width, table)
    let packed = try scratch([batch * heads, keyCount + valueCount])
    threads.forEach(batch * heads) { piece, _ in
      let target = floatAddress(packed) + piece * (keyCount + valueCount)
      let (k, kStride) = rowMatrix(keyRows, sample: piece / heads, head: piece % heads)
      table.pack_columns(
        target, table.panel_rows(Int64(width)) * Int64(panel), k, DType.f32.code, 0, Int64(kStride), Int64(keys),
        Int64(width), scale * Float(M_LOG2E))
      let (v, vStride) = rowMatrix(valueRows, sample: piece / heads, head: piece % heads)
      table.pack_rows(
        target + keyCount, table.panel_rows(Int64(keys)) * Int64(panel), v, Int64(vStride), Int64(width),
        Int64(keys))
    }

    let queryTile = Int(table.attention_rows)
    let tiles = queries.dividedRoundingUp(by: queryTile)
    let perWorker = Int(table.attention_scratch(Int64(width)))
    let memory = try scratch([min(threads.threads, batch * heads * tiles), perWorker])
    threads.forEach(batch * heads * tiles) { piece, worker in
      let first = piece % tiles * queryTile
      let pair = piece / tiles
      let keyPanels = floatAddress(packed) + pair * (keyCount + valueCount)
      let (q, qStride) = rowMatrix(queryRows, sample: pair / heads, head: pair % heads)
      let (o, oStride) = rowMatrix(result, sample: pair / heads, head: pair % heads)
      table.attention_tile(
        o + first * oStride, Int64(oStride), q + first * qStride, Int64(qStride),
        Int64(min(queryTile, queries - first)),
        Int64(width), keyPanels, keyPanels + keyCount, Int64(keys), floatAddress(memory) + worker * perWorker)
    }
    if !direct { try copy(result, to: out) }
    withExtendedLifetime((queryRows, keyRows, valueRows, packed, memory)) {}
  }

  /// The elements of 4 bytes that the keys and the values of a head take packed.
  static func packedCounts(keys: Int, width: Int, _ table: ck_kernels) -> (keys: Int, values: Int) {
    func count(columns: Int, inner: Int) -> Int {
      let panel = Int(table.panel_columns)
      return columns.roundedUp(toMultipleOf: panel) * Int(table.panel_rows(Int64(inner)))
    }
    return (count(columns: keys, inner: width), count(columns: width, inner: keys))
  }

  /// The first row and the distance of rows of one head of one sample.
  func rowMatrix(_ x: Operand, sample: Int, head: Int) -> (UnsafeMutablePointer<Float>, Int) {
    let s = x.view.strides
    return (floatAddress(x) + sample * s[0] + head * s[1], s[2])
  }

  /// Whether the elements of a row are contiguous.
  func isRowMajor(_ view: View) -> Bool { view.strides[3] == 1 || view.shape[3] == 1 }

  func rows(_ x: Operand) throws -> Operand {
    x.dtype == .f32 && isRowMajor(x.view) ? x : try floats(x)
  }
}
