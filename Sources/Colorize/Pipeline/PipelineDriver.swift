// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Makes tensors of pictures.
protocol PixelSource {
  /// A picture as `[1, H, W, 3]` in -1...1, transparency on white.
  func pixels(of image: Image) throws -> Tensor
  /// The same squeezed to a size (Catmull-Rom, antialiased).
  func pixels(of image: Image, at size: ImageSize) throws -> Tensor
  /// A picture's mask as `[1, H, W, 1]` in 0...1, of the picture's size.
  func plane(of mask: Mask, for image: Image) throws -> Tensor
}

/// What a ``Pipeline`` works on, and who hears of it.
protocol PipelineDriver: PixelSource {
  /// Carries a stage out, and counts, times or tells it.
  func perform<R>(_ stage: ColorizeEvent.Stage, _ body: () throws -> R) throws -> R

  /// What was encoded before.
  func encoded(_ reference: Reference) throws -> EncodedReference
  /// The sketch's mask in the padded working frame, `[1, H, W, 1]`, background in the padding; nil without one.
  func sketchMask() throws -> Tensor?
  /// The drawing's lines in the padded working frame, `[1, H, W, 1]`, paper in the padding.
  func lines() throws -> Tensor
  /// From noise to a latent of the given shape, `[B, h, w, C]`.
  func sample(_ denoiser: GuidedDenoiser, shape: Shape) throws -> Tensor
  /// The pictures of the latent that are decoded.
  var decodedPictures: Range<Int> { get }
  /// A part of the decoding is done, of those of all pictures.
  func tileIsDecoded(_ completed: Int, of total: Int)
  /// A picture is decoded: `[1, H, W, 3]` about -1...1.
  func take(_ decoded: Tensor, as index: Int) throws
  /// Makes of the pictures what the request asks for beyond them.
  func finish() throws
}

/// Pixels of the pictures themselves.
struct HostPixels: PixelSource {
  let backend: any Backend

  func pixels(of image: Image) throws -> Tensor {
    let rgb = image.composited()
    return try Tensor(rgb.floats(.signed), shape: [1, rgb.height, rgb.width, 3], on: backend)
  }

  func pixels(of image: Image, at size: ImageSize) throws -> Tensor {
    try pixels(of: image.composited().resized(width: size.width, height: size.height))
  }

  func plane(of mask: Mask, for image: Image) throws -> Tensor {
    let fitted = try mask.resized(width: image.width, height: image.height)
    return try Tensor(fitted.values, shape: [1, image.height, image.width, 1], on: backend)
  }
}
