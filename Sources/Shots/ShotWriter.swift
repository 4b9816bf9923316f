// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What is written of each frame.
///
/// ```swift
/// let writer = ShotWriter(signature: "tiff") { [$0.output] } encode: { frame, _, result in
///   [(frame.output, encodeTIFF(result.image))]
/// }
/// ```
public struct ShotWriter: Sendable {
  /// Stands for all that decides the files besides the frame's inputs and settings: a frame is done again where it has
  /// changed.
  public var signature: String
  /// The files of a frame, the picture first.
  public var paths: @Sendable (_ frame: ShotFrame) throws -> [String]
  /// Their content, in the same order.
  public var encode:
    @Sendable (_ frame: ShotFrame, _ sketch: FrameSketch, _ result: ColorizeResult) throws -> [(
      path: String, bytes: [UInt8]
    )]

  public init(
    signature: String, paths: @escaping @Sendable (_ frame: ShotFrame) throws -> [String],
    encode:
      @escaping @Sendable (_ frame: ShotFrame, _ sketch: FrameSketch, _ result: ColorizeResult) throws -> [(
        path: String, bytes: [UInt8]
      )]
  ) {
    self.signature = signature
    self.paths = paths
    self.encode = encode
  }

  /// The picture alone, in the format of its path's extension.
  public static let picture = ShotWriter(signature: "picture") { frame in
    [frame.output]
  } encode: { frame, _, result in
    [(frame.output, try result.image.data(as: ImageFormat(pathExtensionOf: frame.output)))]
  }
}

/// A frame's line art as it was read.
public struct FrameSketch: Sendable {
  public let image: Image
  public let metadata: ImageMetadata

  /// - Throws: ``ImageError``.
  init(_ content: InputReader.Content, of frame: ShotFrame) throws(ImageError) {
    (image, metadata) = try Image.decode(content.bytes, file: frame.sketch)
  }
}
