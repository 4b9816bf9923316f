// SPDX-License-Identifier: Apache-2.0

/// How a product is cut into pieces. It depends on the shape alone, so that the thread count cannot change a result.
struct ProductTiling {
  let rows: Int
  let columns: Int
  let rowTiles: Int
  let columnTiles: Int

  /// Pieces for BLAS, which repacks the right side for every tile of rows: tall tiles amortise it. Where they are few,
  /// columns are cut too, so that there is work for about eight threads or more.
  static func blas(rows m: Int, columns n: Int, batch: Int) -> ProductTiling {
    let rows = max(1, min(m, 384))
    let wanted = max(1, 8 / max(1, m.dividedRoundingUp(by: rows) * batch))
    return ProductTiling(
      rows: m, columns: n, tallest: rows, widest: max(64, n.dividedRoundingUp(by: wanted)).roundedUp(toMultipleOf: 16))
  }

  /// The most columns of a piece for `product_tile`.
  static let widestPanels = 160

  /// Pieces for `product_tile`, which reads the left side once for each tile of columns and packs the right side once
  /// for each tile of rows: wide and tall, while the sums stay in cache and eight threads find work.
  static func panels(rows m: Int, columns n: Int, batch: Int = 1) -> ProductTiling {
    func tiles(_ count: Int, of extent: Int) -> Int { max(1, count.dividedRoundingUp(by: extent)) }
    let width = [widestPanels, 96].first { tiles(n, of: $0) * batch * m >= 8 * 192 } ?? 64
    let columnTiles = tiles(n, of: width)
    let rowTiles = max(tiles(8, of: columnTiles * batch), tiles(m, of: 672))
    // Multiples of the register tiles.
    return ProductTiling(
      rows: m, columns: n, tallest: max(90, tiles(tiles(m, of: rowTiles), of: 30) * 30),
      widest: tiles(tiles(n, of: columnTiles), of: 32) * 32)
  }

  private init(rows m: Int, columns n: Int, tallest: Int, widest: Int) {
    rows = max(1, min(m, tallest))
    rowTiles = m.dividedRoundingUp(by: rows)
    columns = max(1, min(n, widest))
    columnTiles = n.dividedRoundingUp(by: columns)
  }

  var count: Int { rowTiles * columnTiles }

  func ranges(_ piece: Int, rows m: Int, columns n: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (piece / columnTiles * rows, piece % columnTiles * columns)
    return (row..<min(row + rows, m), column..<min(column + columns, n))
  }
}
