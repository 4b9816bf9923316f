// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What a line extraction network makes of a picture of its own size: what the published application does before the
/// network and after it.
package struct LineExtraction {
  let network: LineExtractionNetwork
  let backend: any Backend
  /// Whether informative drawings give -1 ... 0, as in the published application, and not -1 ... 1 as all others.
  package var keepsPublishedRange = false

  package init(_ network: LineExtractionNetwork, backend: any Backend) {
    self.network = network
    self.backend = backend
  }

  /// The size nearest to another that a network takes.
  static func size(of architecture: LineExtractionArchitecture, width: Int, height: Int) -> ImageSize {
    func side(_ extent: Int) -> Int {
      let multiple = architecture.sizeMultiple
      return max((extent + multiple / 2) / multiple * multiple, architecture.minimumSide)
    }
    return ImageSize(width: side(width), height: side(height))
  }

  /// The lines, `[height, width]`: line high, paper -1. sketchKeras exceeds 1.
  ///
  /// - Parameter image: opaque RGB, of a size that the network takes.
  package func callAsFunction(_ image: Image, progress: @escaping NetworkProgress = { _ in }) throws -> [Float] {
    switch network {
    case .pixToPix(let network):
      let grey = network.inputChannels == 1
      return try first(network(tensor((grey ? image.grey : image).floats(.signed), image), progress: progress))
        .map { -$0 }
    case .mangaLineExtraction(let network):
      // The published application takes the red channel.
      let red = stride(from: 0, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) }
      return try network(tensor(red, image), progress: progress).floats().map { -(min(max($0, 0), 255) / 127.5 - 1) }
    case .sketchKeras(let network):
      guard let planes = HighPass(image).planes else {
        return [Float](repeating: -1, count: image.width * image.height)
      }
      var largest = [Float](repeating: -.infinity, count: image.width * image.height)
      for (index, plane) in planes.enumerated() {
        // One after the other: the same as all at once, in a third of the memory.
        let values = try network(tensor(plane, image)) {
          try progress((Double(index) + $0) / Double(planes.count))
        }.floats()
        for pixel in largest.indices { largest[pixel] = max(largest[pixel], values[pixel]) }
      }
      return largest.map { (($0 < 0.1 ? 0 : $0) - 0.5) * 2 }
    case .informativeDrawing(let network):
      let values = try network(tensor(image.pixels.map(Float.init), image), progress: progress).floats()
      return keepsPublishedRange ? values.map { -$0 } : values.map { 1 - 2 * $0 }
    }
  }

  /// Runs the network on a blank, for what it costs.
  func meter(width: Int, height: Int, channels: Int) throws {
    _ = try network(Tensor(uninitialized: [1, height, width, channels], on: backend))
  }

  private func tensor(_ values: [Float], _ image: Image) throws -> Tensor {
    let channels = values.count / (image.width * image.height)
    return try Tensor(values, shape: [1, image.height, image.width, channels], on: backend)
  }

  /// The first channel.
  private func first(_ x: Tensor) throws -> [Float] { try x.sliced(axis: 3, 0..<1).contiguous().floats() }
}
