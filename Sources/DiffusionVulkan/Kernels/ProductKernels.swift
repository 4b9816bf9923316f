// SPDX-License-Identifier: Apache-2.0

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
  var loadMode: Int { operand.loadMode(inner: inner, other: other, window) }
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
  /// Of a convolution: as how many pixels along an axis each one is read.
  var upsampling = 1
  /// Of a gated product: whether pairs of outputs are neighbours that begin at an even index.
  var hasPairedOutputs = false
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
    let (out, left, right) = (product.out.dtype, product.left, product.right)
    let (leftType, rightType) = (left.operand.dtype.kernelNumber, right.operand.dtype.kernelNumber)
    let kernel: Kernel
    let constants: any ShaderConstants
    switch rung {
    case .matrix(let matrices, let tile):
      kernel = matrices.kernel(product.kernels.matrix, product.kernels.emulated)
      constants = matrices.constants(tile: tile, out: out, upsampling: product.upsampling)
    case .lanes(let lanes, let pairs):
      guard lanes.accepts(left.operand, product.out) else { return try convertingTypes() }
      kernel = product.kernels.lanes
      constants = LanesConstants(
        threads: lanes.width, outType: out.kernelNumber, leftType: leftType, rightType: rightType,
        leftPaired: left.hasPairs, rightPaired: right.hasPairs, pairs: pairs, upsampling: product.upsampling,
        outPaired: product.hasPairedOutputs)
    case .tiles(let parts):
      kernel = product.kernels.tiles
      constants = TilesConstants(
        outType: out.kernelNumber, leftType: leftType, rightType: rightType, leftMode: left.loadMode,
        rightMode: right.loadMode, parts: parts, upsampling: product.upsampling)
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
