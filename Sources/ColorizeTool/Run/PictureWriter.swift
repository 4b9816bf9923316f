// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Writes results with what belongs to them: the sketch's alpha where asked for, its resolution, the options.
struct PictureWriter {
  private let cutOut: Image?
  private let sketchSize: ImageSize
  private let resolution: ImageResolution?
  private let leavesOutMetadata: Bool
  private let bitsPerSample: Int

  /// Checked before any work: a cut-out needs a sketch with transparency, and a format that has it.
  init(_ options: OutputOptions, pictures: RunInputs, path: String) throws {
    bitsPerSample = options.bits.rawValue
    let format = try Self.format(of: path)
    if let depths = format.codec?.bitDepths, !depths.contains(bitsPerSample) {
      throw ToolError.usage(
        "--bits \(bitsPerSample): \(format) has no such samples; give --output a name that ends in .png or .tif")
    }
    sketchSize = pictures.sketch.size
    leavesOutMetadata = options.leavesOutMetadata
    resolution = options.leavesOutMetadata ? nil : pictures.resolution
    guard options.keepAlpha else {
      cutOut = nil
      return
    }
    guard pictures.sketch.hasTransparency else {
      throw ToolError.usage("--keep-alpha: the sketch has no transparency to keep; leave the option out")
    }
    guard try Self.format(of: path).codec?.keepsAlpha == true else {
      throw ToolError.usage("--keep-alpha: JPEG has no transparency; give --output a name that ends in .png")
    }
    // Lines on transparent paper would cut all colours out.
    cutOut = pictures.sketch.hasAlphaOfLines ? nil : pictures.sketch
  }

  /// The format of a path; standard output takes PNG.
  private static func format(of path: String) throws -> ImageFormat {
    path == StandardStreams.name ? .png : try ImageFormat(pathExtensionOf: path)
  }

  /// The resolution of a picture of some size, in pixels per inch, where the sketch has one.
  func resolution(of size: ImageSize) -> ImageResolution? { resolution?.scaled(from: sketchSize, to: size) }

  /// The picture as it is written.
  func finished(_ image: Image) throws -> Image { try cutOut.map { try image.withAlpha(of: $0) } ?? image }

  func write(_ image: Image, to path: String, options: StoredOptions, files: OutputFiles) throws {
    let text = leavesOutMetadata ? [] : try options.pngText()
    let resolution = resolution(of: image.size)
    let picture = try finished(image)
    if path == StandardStreams.name {
      try StandardStreams.write(try picture.pngData(text: text, resolution: resolution, bitsPerSample: bitsPerSample))
    } else {
      try files.write(path) {
        try picture.write(to: $0, text: text, resolution: resolution, bitsPerSample: bitsPerSample, existing: $1)
      }
    }
  }
}
