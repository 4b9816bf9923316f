import DiffusionCore
import DiffusionShaders

/// The kernels that are one product, on each kind of device.
struct ProductKernels {
  /// On matrix units, and where those are imitated.
  let matrix: Kernel
  let emulated: Kernel
  /// In the registers of a subgroup.
  let lanes: Kernel
  /// In tiles through shared memory.
  let tiles: Kernel
  /// Whether two columns of the product make one of the result, so that a tile has half as many.
  var joinsColumns = false

  static let matmul = ProductKernels(
    matrix: .matmulMatrix, emulated: .matmulMatrixEmulated, lanes: .matmulLanes, tiles: .matmul)
  static let convolution = ProductKernels(
    matrix: .convolutionMatrix, emulated: .convolutionMatrixEmulated, lanes: .convolutionLanes, tiles: .convolution)
  static let gatedLinear = ProductKernels(
    matrix: .gatedLinearMatrix, emulated: .gatedLinearMatrixEmulated, lanes: .gatedLinearLanes, tiles: .gatedLinear,
    joinsColumns: true)
}

/// A rung of the ladder of kernels, from the fastest hardware down.
enum ProductRung {
  /// Matrix units, in square tiles of that extent.
  case matrix(MatrixProducts, tile: Int)
  /// Registers of a subgroup, of so many pairs of columns an invocation: for devices in software.
  case lanes(LaneProducts, pairs: Int)
  /// Tiles through shared memory, of so many runs of 32 rows.
  case tiles(parts: Int)

  /// The rows and columns of the product that a group of invocations makes.
  var tile: (rows: Int, columns: Int) {
    switch self {
    case .matrix(_, let tile): (tile, tile)
    case .lanes(let lanes, let pairs): (LaneProducts.rows, 2 * pairs * lanes.width)
    case .tiles(let parts): (32 * parts, 64)
    }
  }
}

/// One side of a product.
struct ProductFactor {
  let operand: Operand
  let window: Window
  /// The axis that is summed over.
  let inner: Int
  /// Another axis along which neighbouring invocations may read, if it is the nearer one in memory.
  var other: Int?

  var suitsMatrices: Bool { operand.isMatrixOperand(along: inner, in: window) }
  var hasPairs: Bool { operand.hasPairs(along: inner, in: window) }
  var loadMode: UInt32 { operand.loadMode(inner: inner, other: other, window) }
}

/// A product that is to be run: its extents, its factors, and what else the kernels take.
struct Product {
  let kernels: ProductKernels
  /// The rows and columns of the result, and how many of it there are along z.
  let rows: Int
  let columns: Int
  var count = 1
  let left: ProductFactor
  let right: ProductFactor
  let out: Operand
  /// What is bound: the destination, the factors, what follows.
  let windows: [Window]
  /// The floating-point operations.
  let work: Double
  /// The specialisation constant 7 of matrix units and tiles, and that of lanes.
  var extra: [UInt32] = []
  var laneExtra: [UInt32]?
  /// Whether the inner extent is split among the groups along z, which lanes do not do.
  var isSplit = false
}

extension VulkanBackend {
  /// Which kernels a product is run by.
  func rung(_ product: Product) -> ProductRung {
    let columns = product.kernels.joinsColumns ? 2 * product.columns : product.columns
    let (rows, count) = (product.rows, product.count)
    if let matrices = matrixProducts, product.left.suitsMatrices, product.right.suitsMatrices {
      return .matrix(matrices, tile: matrices.tile(rows: rows, columns: columns, batch: count))
    }
    if let lanes = laneProducts, !product.isSplit {
      return .lanes(lanes, pairs: product.kernels.joinsColumns ? 2 : lanes.pairs(columns: columns))
    }
    return .tiles(parts: productPlan.parts(rows: rows, columns: columns, batch: count))
  }

  /// Runs a product on the first rung that suits it, in as many dispatches as the device's limit of groups asks for.
  ///
  /// - Parameters:
  ///   - arguments: makes the arguments of a dispatch that begins at a row.
  ///   - convertingTypes: does the whole operation with activations of `f32`; for mixes of types that no network has
  ///     and that have no kernels.
  func run(
    _ product: Product, arguments: (_ firstRow: Int) -> some ShaderArguments, convertingTypes: () throws -> Void
  ) throws {
    let rung = rung(product)
    let kernel: Kernel
    let constants: [UInt32]
    let types = [product.out.dtype.code, product.left.operand.dtype.code, product.right.operand.dtype.code]
    switch rung {
    case .matrix(let matrices, let tile):
      kernel = matrices.kernel(product.kernels.matrix, product.kernels.emulated)
      constants = matrices.constants(tile: tile, out: product.out.dtype) + product.extra
    case .lanes(let lanes, let pairs):
      guard lanes.accepts(product.left.operand, product.out) else { return try convertingTypes() }
      kernel = product.kernels.lanes
      let paired = [product.left.hasPairs, product.right.hasPairs].map { $0 ? 1 : 0 } as [UInt32]
      constants = [UInt32(lanes.width)] + types + paired + [UInt32(pairs)] + (product.laneExtra ?? product.extra)
    case .tiles(let parts):
      kernel = product.kernels.tiles
      constants = [0] + types + [product.left.loadMode, product.right.loadMode, UInt32(parts)] + product.extra
    }
    let tile = rung.tile
    let across = product.columns.dividedRoundingUp(
      by: product.kernels.joinsColumns ? tile.columns / 2 : tile.columns)
    let down = product.rows.dividedRoundingUp(by: tile.rows)
    for first in stride(from: 0, to: down, by: groupLimits.y) {
      let count = min(groupLimits.y, down - first)
      try run(
        kernel, constants, product.windows, arguments(first * tile.rows), WorkGroups(across, count, product.count),
        work: product.work * Double(count) / Double(down))
    }
  }
}
