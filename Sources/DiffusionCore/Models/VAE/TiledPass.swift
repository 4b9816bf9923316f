// SPDX-License-Identifier: Apache-2.0

/// Runs layers on the tiles of a picture, one after another, and blends what they make.
///
/// The statistics of the group norms are estimated beforehand from mosaics: crops from all over the picture, laid side by
/// side to a picture of a tile's size. They are the same for all tiles, so that no seams can show; what is left of the
/// difference to the untiled picture is a slight change of contrast and colour, the same everywhere.
package struct TiledPass {
  /// The tiles, in latent pixels.
  let grid: TileGrid
  /// Positions of what goes in for each latent pixel along each axis, and of what comes out.
  let inputScale: Int
  let outputScale: Int
  /// Statistics that are known already; nil to estimate them.
  let moments: [GroupMoments]?

  package init(grid: TileGrid, inputScale: Int, outputScale: Int, moments: [GroupMoments]? = nil) {
    self.grid = grid
    self.inputScale = inputScale
    self.outputScale = outputScale
    self.moments = moments
  }

  /// The side of a mosaic's crops in latent pixels: large enough that most of a crop does not see its edge, and small
  /// enough that a mosaic has many.
  static let crop = 8
  /// Where mosaics take their crops: at two opposite places of each cell of the picture.
  private static let phases = [0.25, 0.75]

  /// How many passes of the layers there are: mosaics and tiles.
  var passCount: Int { (moments == nil ? Self.phases.count : 0) + grid.count }

  /// The layers, and where their norms take statistics from.
  package typealias Body = (_ x: Tensor, _ norms: NormStatistics) throws -> Tensor

  /// Runs `body` over `[1, H, W, C]`.
  ///
  /// - Parameter progress: called before each pass with the number of those done, and at the end.
  package func callAsFunction(
    _ x: Tensor, progress: VAEProgress = { _, _ in }, _ body: Body
  ) throws -> Tensor {
    let moments = try self.moments ?? estimatedMoments(of: x, progress: progress, body)
    let (rowWeights, columnWeights) = (grid.rows.weights(scale: outputScale), grid.columns.weights(scale: outputScale))
    var canvas = Canvas(height: grid.rows.extent * outputScale, width: grid.columns.extent * outputScale)
    var completed = passCount - grid.count
    for (row, weightsDown) in zip(grid.rows.tiles, rowWeights) {
      for (column, weightsAcross) in zip(grid.columns.tiles, columnWeights) {
        try progress(completed, passCount)
        let tile = x.sliced(axis: 1, input(row, grid.rows, x.shape[1]))
          .sliced(axis: 2, input(column, grid.columns, x.shape[2]))
        let made = try body(tile.contiguous(), .recorded(moments))
        precondition(made.shape[1] == weightsDown.count && made.shape[2] == weightsAcross.count, "\(made.shape)")
        canvas.add(
          try made.floats(), channels: made.shape[3], top: row.lowerBound * outputScale,
          left: column.lowerBound * outputScale, weightsDown, weightsAcross)
        completed += 1
      }
    }
    try progress(completed, passCount)
    return try Tensor(
      canvas.values, shape: [1, canvas.height, canvas.width, canvas.channels], on: x.backend)
  }

  /// The statistics of every norm over the whole picture, as the mosaics have them.
  private func estimatedMoments(of x: Tensor, progress: VAEProgress, _ body: Body) throws -> [GroupMoments] {
    let mosaics = try Self.phases.enumerated().map { index, phase in
      try progress(index, passCount)
      let norms = NormStatistics.recording
      _ = try body(mosaic(of: x, phase: phase), norms)
      return norms.moments
    }
    return mosaics[0].indices.map { index in GroupMoments.pooled(mosaics.map { $0[index] }) }
  }

  /// Where a tile's input lies; the last one takes what is more than whole latent pixels.
  private func input(_ tile: Range<Int>, _ axis: TileAxis, _ extent: Int) -> Range<Int> {
    tile.lowerBound * inputScale..<(tile.upperBound == axis.extent ? extent : tile.upperBound * inputScale)
  }

  /// Crops from all over the picture, as many as fit into a tile.
  private func mosaic(of x: Tensor, phase: Double) throws -> Tensor {
    func crops(_ axis: TileAxis) -> [Range<Int>] {
      let count = max(1, axis.tiles[0].count / Self.crop)
      let crop = min(Self.crop, axis.extent)
      let cell = Double(axis.extent) / Double(count)
      return (0..<count).map { index in
        let start = Int((Double(index) * cell + (cell - Double(crop)) * phase).rounded())
        let first = min(max(start, 0), axis.extent - crop)
        return first * inputScale..<(first + crop) * inputScale
      }
    }
    let columns = crops(grid.columns)
    let strips = try crops(grid.rows).map { row in
      let strip = x.sliced(axis: 1, row)
      return try Tensor.concatenate(columns.map { strip.sliced(axis: 2, $0) }, axis: 2)
    }
    return try Tensor.concatenate(strips, axis: 1).contiguous()
  }

  /// The picture being put together, on the host: each tile is read once.
  private struct Canvas {
    let height: Int
    let width: Int
    private(set) var channels = 0
    private(set) var values: [Float] = []

    init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }

    mutating func add(
      _ tile: [Float], channels: Int, top: Int, left: Int, _ weightsDown: [Float], _ weightsAcross: [Float]
    ) {
      if values.isEmpty {
        self.channels = channels
        values = [Float](repeating: 0, count: height * width * channels)
      }
      let (width, rowCount) = (self.width, weightsAcross.count * channels)
      values.withUnsafeMutableBufferPointer { target in
        for (y, down) in weightsDown.enumerated() where down > 0 {
          var source = y * rowCount
          var place = ((top + y) * width + left) * channels
          for across in weightsAcross {
            let weight = down * across
            for _ in 0..<channels {
              target[place] += weight * tile[source]
              place += 1
              source += 1
            }
          }
        }
      }
    }
  }
}

/// Called before each part of the autoencoder's work, with the number of parts done, and at the end. Throwing ends it.
public typealias VAEProgress = (_ completed: Int, _ total: Int) throws -> Void
