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
    let wanted = max(1, 8 / max(1, (m + rows - 1) / rows * batch))
    return ProductTiling(
      rows: m, columns: n, tallest: rows, widest: max(64, (n + wanted - 1) / wanted + 15) / 16 * 16)
  }

  /// Pieces for `product_tile`, which packs the right side once for each: 64 columns, whose sums then stay in cache,
  /// and as many rows as leave work for eight threads.
  static func panels(rows m: Int, columns n: Int, batch: Int = 1) -> ProductTiling {
    let columnTiles = (n + 63) / 64
    let wanted = max(1, (8 + columnTiles * batch - 1) / max(1, columnTiles * batch))
    let tallest = max(96, min(1056, (m + wanted - 1) / wanted))
    return ProductTiling(rows: m, columns: n, tallest: (tallest + 95) / 96 * 96, widest: 64)
  }

  private init(rows m: Int, columns n: Int, tallest: Int, widest: Int) {
    rows = max(1, min(m, tallest))
    rowTiles = (m + rows - 1) / rows
    columns = max(1, min(n, widest))
    columnTiles = (n + columns - 1) / columns
  }

  var count: Int { rowTiles * columnTiles }

  func ranges(_ piece: Int, rows m: Int, columns n: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (piece / columnTiles * rows, piece % columnTiles * columns)
    return (row..<min(row + rows, m), column..<min(column + columns, n))
  }
}
