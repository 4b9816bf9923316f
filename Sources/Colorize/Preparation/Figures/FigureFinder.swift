// SPDX-License-Identifier: Apache-2.0

import CFigureModel
import DiffusionCore
import Glibc

/// Finds the figure of a small picture by the network that is part of this library, and brings its coarse result to the
/// picture's own edges: the regions of a drawing, the colours of a picture.
package struct FigureFinder {
  private let network: FigureNetwork
  private let backend: CPUBackend

  /// - Throws: `BackendError` where there is no memory.
  package init() throws {
    backend = try CPUBackend()
    let bytes = UnsafeRawBufferPointer(start: irodori_figure_weights(), count: irodori_figure_weights_size())
    let file = try SafetensorsFile(bytes: bytes, name: "the built-in network for figures")
    network = try NetworkContent.load(WeightSource(file), backend: backend) { try FigureNetwork($0) }
  }

  /// Which pixels are figure: 1, and 0 elsewhere.
  ///
  /// - Parameter picture: the prepared lines of a drawing, dark on white, or an opaque coloured picture.
  /// - Throws: `BackendError`, ``ImageError``.
  func figure(of picture: Image, isDrawing: Bool) throws -> [Float] {
    let likelihood = try likelihood(of: picture, isDrawing: isDrawing)
    let isFigure = isDrawing ? DrawingRegions(picture).figure(by: likelihood) : try refined(picture)
    let plane = MaskPlane(width: picture.width, height: picture.height)
    return Self.tidied(isFigure, by: likelihood, plane).map { $0 ? 1 : 0 }
  }

  /// Without holes and islands that the network does not see: the white of an eye in front of a white sky, a spot of the
  /// ground in a colour of the figure.
  private static func tidied(_ isFigure: [Bool], by likelihood: [Float], _ plane: MaskPlane) -> [Bool] {
    func mean(_ part: [Int]) -> Float { part.reduce(0) { $0 + likelihood[$1] } / Float(part.count) }
    // Outlines of the ground have the colour of the figure's.
    let thickness = max(1, max(plane.width, plane.height) / 200)
    let thick = plane.grown(plane.grown(isFigure.map { !$0 }, by: thickness).map { !$0 }, by: thickness + 1)
    var result = isFigure.indices.map { isFigure[$0] && (thick[$0] || likelihood[$0] > 0.5) }
    let figureCount = result.count { $0 }
    for hole in plane.components(of: result.map { !$0 }) where !hole.contains(where: plane.isBorder) {
      guard hole.count * 50 < figureCount, mean(hole) > 0.7 else { continue }
      for index in hole { result[index] = true }
    }
    for island in plane.components(of: result) where mean(island) < 0.4 || island.count * 1000 < result.count {
      for index in island { result[index] = false }
    }
    return result
  }

  /// What of a coloured picture is figure: by what the network says and by the colours that figure and ground turn out to
  /// have, along the edges; as GrabCut (Rother et al. 2004) does it, with a filter in place of its cut.
  private func refined(_ picture: Image) throws -> [Bool] {
    // Half of the picture's size does for colours and slopes, in a quarter of the memory.
    let longer = max(picture.width, picture.height)
    func half(_ extent: Int) -> Int { longer > FigureNetwork.side ? max(1, extent / 2) : extent }
    let small = try picture.resized(width: half(picture.width), height: half(picture.height))
    let likelihood = try likelihood(of: small, isDrawing: false)
    let odds = likelihood.map { value in
      let bounded = min(max(value, 1e-3), 1 - 1e-3)
      return log(bounded / (1 - bounded))
    }
    let (guide, colors) = (ColorGuide(small), ColorShares(small))
    func weighed(_ figure: [Float]) -> [Float] {
      let evidence = colors.evidence(by: figure)
      return odds.indices.map { 1 / (1 + exp(-odds[$0] - 3 * evidence[$0])) }
    }
    let once = guide.filtered(weighed(likelihood)).map { min(max($0, 0), 1) }
    let twice = weighed(once)
    // Colours that are on both sides can take the figure away, or the ground.
    let (found, seen) = (guide.filtered(twice).map { $0 > 0.5 }, likelihood.map { $0 > 0.5 })
    let both = found.indices.count { found[$0] && seen[$0] }
    let either = found.indices.count { found[$0] || seen[$0] }
    return guide.filtered(2 * both >= either ? twice : likelihood, at: picture).map { $0 > 0.5 }
  }

  /// How likely each pixel is figure, 0...1; coarse.
  func likelihood(of picture: Image, isDrawing: Bool) throws -> [Float] {
    try odds(of: picture, isDrawing: isDrawing)
      .resized(height: picture.height, width: picture.width, by: .bilinear(alignsCorners: false))
      .sigmoid().contiguous().floats()
  }

  /// What the network says: `[1, 128, 128, 1]`, the logarithm of the odds that a place is figure.
  package func odds(of picture: Image, isDrawing: Bool) throws -> Tensor {
    let side = FigureNetwork.side
    let seen = try (isDrawing ? Self.withoutThinning(picture) : picture).opaqueRGB(.darkOnLight)
      .resized(width: side, height: side)
    let samples = seen.floats(.signed)
    var input: [Float] = []
    input.reserveCapacity(side * side * FigureNetwork.inputChannels)
    for place in 0..<side * side {
      input += samples[3 * place..<3 * place + 3]
      input.append(isDrawing ? 1 : 0)
    }
    return try network(Tensor(input, shape: [1, side, side, FigureNetwork.inputChannels], on: backend))
  }

  /// A drawing whose lines keep half of their darkness where it shrinks: the mean of itself and of the darkest nearby.
  private static func withoutThinning(_ lines: Image) throws -> Image {
    let reach = Int((Double(max(lines.width, lines.height)) / Double(FigureNetwork.side)).rounded())
    guard reach > 1 else { return lines }
    let (width, height) = (lines.width, lines.height)
    // As many pixels as one of the network's has along each axis.
    let (before, after) = ((reach - 1) / 2, reach / 2)
    var along = lines.pixels
    var darkest = lines.pixels
    for y in 0..<height {
      for x in 0..<width {
        along[y * width + x] =
          lines.pixels[y * width + max(0, x - before)...y * width + min(width - 1, x + after)].min() ?? 255
      }
    }
    for y in 0..<height {
      for x in 0..<width {
        var least: UInt8 = 255
        for row in max(0, y - before)...min(height - 1, y + after) { least = min(least, along[row * width + x]) }
        darkest[y * width + x] = UInt8((Int(least) + Int(lines.pixels[y * width + x])) / 2)
      }
    }
    return try Image(width: width, height: height, channels: 1, pixels: darkest)
  }
}
