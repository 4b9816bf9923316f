// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How a sketch of any size and aspect becomes one that the network takes, and how the picture comes back.
///
/// The sketch is scaled to the working size, padded on the right and at the bottom to whole pixels of the coarsest
/// level, and the picture is cropped and scaled back to the sketch's own frame.
package struct WorkingFrame: Sendable, Hashable {
  /// The sketch's own size.
  package let original: ImageSize
  /// What the network works on, before padding.
  package let scaled: ImageSize
  /// What it works on, padded.
  package let padded: ImageSize

  /// - Parameters:
  ///   - size: the longer side; nil takes the model's area at the sketch's aspect.
  ///   - multiple: what both padded sides are multiples of.
  package init(sketch: Image, size: Int?, modelSize: Int, multiple: Int) {
    original = sketch.size
    let (width, height) = (Double(sketch.width), Double(sketch.height))
    let factor = size.map { Double($0) / max(width, height) } ?? Double(modelSize) / (width * height).squareRoot()
    // A long strip must not make a working size without bound on one side or of nothing on the other.
    func side(_ extent: Double) -> Int { min(max(Int((extent * factor).rounded()), 8), 4096) }
    scaled = ImageSize(width: side(width), height: side(height))
    func up(_ extent: Int) -> Int { extent.roundedUp(toMultipleOf: multiple) }
    padded = ImageSize(width: up(scaled.width), height: up(scaled.height))
  }

  /// The frame of a request on a model.
  package init(_ request: ColorizeRequest, _ configuration: ModelConfiguration) {
    self.init(
      sketch: request.sketch, size: request.size, modelSize: configuration.imageSize,
      multiple: configuration.sizeMultiple)
  }

  /// The drawing at the working size.
  package func prepared(
    _ sketch: Image, _ preparation: SketchPreparation, polarity: SketchPolarity
  ) throws(ImageError) -> PreparedSketch {
    try sketch.prepared(preparation, polarity: polarity, width: scaled.width, height: scaled.height)
  }

  /// The drawing of a request at the working size, without guide strokes.
  package func prepared(_ drawing: Image, for request: ColorizeRequest) throws(ImageError) -> PreparedSketch {
    if request.preparation == .extracted, let lines = request.extractedLines {
      return try drawing.prepared(
        as: lines, polarity: request.polarity, width: scaled.width, height: scaled.height)
    }
    return try prepared(drawing, request.preparation, polarity: request.polarity)
  }

  /// The drawing's lines, paper in the padding: `[1, H, W, 1]`.
  package func lines(of sketch: PreparedSketch, on backend: any Backend) throws -> Tensor {
    try plane(sketch.lines.values, padding: -1, on: backend)
  }

  /// The sketch's mask, soft, background in the padding: `[1, H, W, 1]`.
  package func plane(of mask: Mask, on backend: any Backend) throws -> Tensor {
    let resized = try mask.resized(width: scaled.width, height: scaled.height)
    return try plane(resized.values, padding: 0, on: backend)
  }

  private func plane(_ values: [Float], padding: Float, on backend: any Backend) throws -> Tensor {
    var padded = [Float](repeating: padding, count: self.padded.width * self.padded.height)
    for y in 0..<scaled.height {
      for x in 0..<scaled.width { padded[y * self.padded.width + x] = values[y * scaled.width + x] }
    }
    return try Tensor(padded, shape: [1, self.padded.height, self.padded.width, 1], on: backend)
  }

  /// A decoded picture `[1, H, W, 3]` about -1...1, cropped, and scaled to the asked frame.
  package func image(from decoded: Tensor, frame: ColorizeRequest.Frame) throws -> Image {
    let cropped = decoded.sliced(axis: 1, 0..<scaled.height).sliced(axis: 2, 0..<scaled.width)
    let image = try Image(
      width: scaled.width, height: scaled.height, channels: 3, floats: cropped.floats(), range: .signed)
    guard frame == .sketch, scaled != original else { return image }
    return try image.resized(width: original.width, height: original.height)
  }
}
