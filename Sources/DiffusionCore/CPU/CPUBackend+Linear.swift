// SPDX-License-Identifier: Apache-2.0

import CKernels

/// The right side of a product as `product_tile` reads it: a weight `[N, taps, K]` of any element type, whose columns
/// are contiguous; or a crossed one, whose rows are.
struct PackableWeight {
  let pointer: UnsafeRawPointer
  let dtype: DType
  let columnStride: Int
  /// Keeps the memory alive.
  let owner: Operand
  /// Of a crossed weight.
  var crossed: Crossed?

  /// Where the elements of a crossed weight lie, in elements from its first.
  struct Crossed {
    /// From one inner index to the next.
    let rowStride: Int
    /// Where the taps begin.
    let taps: [Int64]
  }

  /// Lets `body` have a crossed weight as kernels read it.
  func withCrossed(_ crossed: Crossed, _ body: (UnsafePointer<ck_crossed>) -> Void) {
    crossed.taps.withUnsafeBufferPointer { taps in
      var weight = ck_crossed()
      weight.base = pointer
      weight.dtype = dtype.code
      weight.row_stride = Int64(crossed.rowStride)
      weight.taps = taps.baseAddress
      body(&weight)
    }
  }
}

extension CPUBackend {
  /// One tile of a product in `f32`: rows of the left side by columns of the weight.
  func multiply(
    _ left: inout ck_rows, rows: Range<Int>, taps: Int, inner: Int, _ weight: PackableWeight, columns: Range<Int>,
    to target: UnsafeMutablePointer<Float>, leading: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    let table = kernels.pointer.pointee
    guard let crossed = weight.crossed else {
      table.product_tile(
        target, Int64(leading), &left, Int64(rows.lowerBound), Int64(rows.count), Int64(taps), Int64(inner),
        weight.pointer, weight.dtype.code, Int64(columns.lowerBound * weight.columnStride), Int64(weight.columnStride),
        Int64(columns.count), scratch)
      return
    }
    weight.withCrossed(crossed) { weight in
      table.product_tile_crossed(
        target, Int64(leading), &left, Int64(rows.lowerBound), Int64(rows.count), Int64(taps), Int64(inner), weight,
        Int64(columns.lowerBound), Int64(columns.count), scratch)
    }
  }

  /// The scratch of a tile of so many columns.
  func productScratch(_ weight: PackableWeight, columns: Int) -> Int {
    let table = kernels.pointer.pointee
    return Int(
      weight.crossed == nil ? table.product_scratch(Int64(columns)) : table.product_crossed_scratch(Int64(columns)))
  }
}

extension CPUBackend {
  /// The weight where it lies if all axes but the first are contiguous, else a copy.
  func packable(_ weight: Operand) throws -> PackableWeight {
    let inner = weight.shape[1...].reduce(1, *)
    var operand = weight
    let column = View(shape: Shape(Array(weight.shape[1...])), strides: Array(weight.view.strides[1...]), offset: 0)
    if !column.isContiguous || (weight.shape[0] > 1 && weight.view.strides[0] < inner) { operand = try floats(weight) }
    let stride = weight.shape[0] > 1 ? operand.view.strides[0] : inner
    return PackableWeight(
      pointer: UnsafeRawPointer(address(operand)), dtype: operand.dtype, columnStride: stride, owner: operand)
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    let (m, k, n) = (x.shape[0], x.shape[1], weight.shape[0])
    guard m > 0, n > 0 else { return }
    let (input, weights) = (try floats(x), try packable(weight))
    let (offsets, added) = (try bias.map(floats), try residual.map(floats))
    var left = ck_rows()
    left.base = UnsafePointer(floatAddress(input))
    left.stride = Int64(k)
    let tiling = ProductTiling.panels(rows: m, columns: n)
    let table = kernels.pointer.pointee
    let perWorker = Int(table.product_scratch(Int64(tiling.columns)))
    let memory = try scratch([min(threads.threads, tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(tiling.count) { piece, worker in
        let (rows, columns) = tiling.ranges(piece, rows: m, columns: n)
        let start = rows.lowerBound * n + columns.lowerBound
        withUnsafePointer(to: left) {
          table.product_tile(
            target + start, Int64(n), $0, Int64(rows.lowerBound), Int64(rows.count), 1, Int64(k), weights.pointer,
            weights.dtype.code, Int64(columns.lowerBound * weights.columnStride), Int64(weights.columnStride),
            Int64(columns.count), floatAddress(memory) + worker * perWorker)
        }
        table.epilogue(
          target + start, Int64(n), offsets.map { floatAddress($0) + columns.lowerBound }, activation.code,
          added.map { floatAddress($0) + start }, Int64(n), Int64(rows.count), Int64(columns.count))
      }
    }
    withExtendedLifetime((input, weights.owner, offsets, added, memory)) {}
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let (m, k, n) = (x.shape[0], x.shape[1], out.shape[1])
    guard m > 0, n > 0 else { return }
    let (input, weights, offsets) = (try floats(x), try packable(weight), try floats(bias))
    var left = ck_rows()
    left.base = UnsafePointer(floatAddress(input))
    left.stride = Int64(k)
    let tiling = ProductTiling.panels(rows: m, columns: n)
    // Both halves of a tile are made side by side in memory that stays in cache until they are multiplied.
    let table = kernels.pointer.pointee
    let productCount = Int(table.product_scratch(Int64(tiling.columns)))
    let perWorker = productCount + tiling.rows * tiling.columns * 2
    let memory = try scratch([min(threads.threads, tiling.count), perWorker])
    try withFloats(out) { target in
      threads.forEach(tiling.count) { piece, worker in
        let (rows, columns) = tiling.ranges(piece, rows: m, columns: n)
        let product = floatAddress(memory) + worker * perWorker
        let tile = product + productCount
        let width = columns.count
        for half in 0..<2 {
          withUnsafePointer(to: left) {
            table.product_tile(
              tile + half * width, Int64(2 * width), $0, Int64(rows.lowerBound), Int64(rows.count), 1, Int64(k),
              weights.pointer, weights.dtype.code, Int64((half * n + columns.lowerBound) * weights.columnStride),
              Int64(weights.columnStride), Int64(width), product)
          }
        }
        let b = floatAddress(offsets) + columns.lowerBound
        table.gate(
          target + rows.lowerBound * n + columns.lowerBound, Int64(n), tile, Int64(2 * width), tile + width,
          Int64(2 * width), b, b + n, Int64(rows.count), Int64(width))
      }
    }
    withExtendedLifetime((input, weights.owner, offsets, memory)) {}
  }
}
