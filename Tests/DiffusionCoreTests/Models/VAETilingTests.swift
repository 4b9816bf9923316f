// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The autoencoder in tiles against the autoencoder at once.
struct VAETilingTests {
  private static let configuration = VAEConfiguration(
    channels: 8, channelMultipliers: [1, 1, 2, 2], residualBlocks: 1, latentChannels: 4)
  private let backend: CPUBackend
  private let decoder: VAEDecoder
  private let encoder: VAEEncoder

  init() throws {
    backend = try CPUBackend()
    let parameters = Parameters(SeededParameters(backend: backend))
    decoder = try VAEDecoder(parameters, configuration: Self.configuration, normGroups: 4)
    encoder = try VAEEncoder(parameters, configuration: Self.configuration, normGroups: 4)
  }

  /// Waves of different lengths and some noise: no two places alike, and brighter to one side.
  private func picture(_ height: Int, _ width: Int, channels: Int) throws -> Tensor {
    var state: UInt32 = 7
    var values: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels {
          state = state &* 1_664_525 &+ 1_013_904_223
          let noise = Float(state >> 8) / Float(1 << 24) - 0.5
          let wave = Float((x * (c + 2) + y * 3) % 29) / 29 - 0.5
          values.append(wave + 0.5 * noise + Float(x) / Float(2 * width))
        }
      }
    }
    return try Tensor(values, shape: [1, height, width, channels], on: backend)
  }

  /// The signal-to-noise ratio in decibels.
  private func decibels(_ made: Tensor, _ expected: Tensor) throws -> Double {
    -20 * log10(try made.relativeError(to: expected))
  }

  @Test(arguments: [(64, 64), (65, 64), (96, 64), (192, 64), (17, 16), (500, 16), (31, 20), (8, 64)])
  func tilesCoverAnAxisAndTheirWeightsAddUp(extent: Int, tile: Int) throws {
    let grid = try #require(
      VAETiling.pixels(tile * 8).grid(latentHeight: extent, latentWidth: tile + 1, factor: 8))
    let axis = grid.rows
    #expect(axis.tiles.first?.lowerBound == 0 && axis.tiles.last?.upperBound == extent)
    for (tile, next) in zip(axis.tiles, axis.tiles.dropFirst()) {
      #expect(tile.upperBound - next.lowerBound >= 8, "\(tile) and \(next) share too little")
      #expect(tile.count == next.count)
    }
    #expect(axis.tiles.allSatisfy { $0.count <= tile })
    for scale in [1, 8] {
      var total = [Float](repeating: 0, count: extent * scale)
      for (tile, weights) in zip(axis.tiles, axis.weights(scale: scale)) {
        #expect(weights.count == tile.count * scale && weights.allSatisfy { (0...1).contains($0) })
        for (index, weight) in weights.enumerated() { total[tile.lowerBound * scale + index] += weight }
      }
      #expect(total.allSatisfy { abs($0 - 1) < 1e-6 })
    }
  }

  @Test func automaticTilingIsForLargePicturesOnly() {
    func grid(_ tiling: VAETiling, _ height: Int, _ width: Int) -> TileGrid? {
      tiling.grid(latentHeight: height, latentWidth: width, factor: 8)
    }
    for (height, width) in [(64, 64), (48, 86), (32, 128), (72, 64), (8, 512)] {
      #expect(grid(.automatic, height, width) == nil)
    }
    #expect(grid(.automatic, 80, 80) != nil && grid(.automatic, 192, 192)?.count == 16)
    #expect(grid(.off, 512, 512) == nil)
    #expect(grid(.pixels(1024), 128, 128) == nil && grid(.pixels(1024), 129, 128)?.count == 2)
    // A strip is cut across only, into tiles of the area of a square one.
    let strip = grid(.automatic, 16, 1024)
    #expect(strip?.rows.tiles.count == 1 && strip?.columns.tiles.count == 5)
  }

  @Test func aPictureOfOneTileIsBitForBitTheSame() throws {
    let latent = try picture(10, 12, channels: 4)
    let whole = try decoder(latent).floats()
    #expect(try decoder(latent, tiling: .automatic).floats() == whole)
    #expect(try decoder(latent, tiling: .pixels(128)).floats() == whole)
    var calls = 0
    _ = try decoder(latent, tiling: .automatic) { _, _ in calls += 1 }
    #expect(calls == 0)
  }

  /// With the statistics of the whole picture only what lies beyond the overlap is missing: here below -60 dB. The
  /// weights are random, so that far pixels count for more than in a trained network, where it is below -90 dB.
  @Test func seamsVanishWithTheSameStatistics() throws {
    let latent = try picture(37, 30, channels: 4)
    let grid = try #require(VAETiling.pixels(160).grid(latentHeight: 37, latentWidth: 30, factor: 8))
    #expect(grid.count == 6)
    let coarse = try decoder.coarse(latent)
    let norms = NormStatistics.recording
    let whole = try decoder.fine(coarse, norms: norms)
    let pass = TiledPass(grid: grid, inputScale: 1, outputScale: 8, moments: norms.moments)
    let tiled = try pass(coarse) { try decoder.fine($0, norms: $1) }
    let ratio = try decibels(tiled, whole)
    #expect(ratio > 60, "\(ratio) dB")
  }

  @Test func estimatedStatisticsComeNear() throws {
    let latent = try picture(48, 40, channels: 4)
    let whole = try decoder(latent)
    var reports: [Int] = []
    var total = 0
    let tiled = try decoder(latent, tiling: .pixels(160)) {
      reports.append($0)
      total = $1
    }
    #expect(reports == Array(0...total) && total == 2 + 12)
    let ratio = try decibels(tiled, whole)
    // A random decoder amplifies every difference; 20 dB is what one with statistics of each tile's own stays below.
    #expect(ratio > 20, "\(ratio) dB")
  }

  @Test func encodesInTiles() throws {
    // A side that is no multiple of 8, which the last tile takes in.
    let image = try picture(38 * 8 + 3, 30 * 8, channels: 3)
    let whole = try encoder(image)
    let tiled = try encoder(image, tiling: .pixels(160))
    #expect(tiled.mean.shape == [1, 38, 30, 4])
    for (made, expected) in [(tiled.mean, whole.mean), (tiled.logVariance, whole.logVariance)] {
      let ratio = try decibels(made, expected)
      #expect(ratio > 25, "\(ratio) dB")
    }
  }

  @Test func everyPictureOfABatchHasStatisticsOfItsOwn() throws {
    let (first, second) = (try picture(24, 24, channels: 4), try picture(24, 24, channels: 4) * -2)
    let both = try decoder(Tensor.concatenate([first, second], axis: 0), tiling: .pixels(128))
    for (index, latent) in [first, second].enumerated() {
      #expect(
        try both.sliced(axis: 0, index..<index + 1).floats() == decoder(latent, tiling: .pixels(128)).floats())
    }
  }

  @Test func endsBetweenTiles() throws {
    struct Stop: Error {}
    let latent = try picture(24, 24, channels: 4)
    #expect(throws: Stop.self) {
      try decoder(latent, tiling: .pixels(128)) { completed, _ in if completed == 3 { throw Stop() } }
    }
  }
}
