// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The formats beyond PNG and JPEG: TIFF, WebP and TGA, read and written, and the merged pictures of Photoshop, OpenRaster
/// and Krita documents, which are read.
///
/// ```swift
/// PictureFormats.register()
/// let sketch = try Image.load("scan.tif")
/// ```
///
/// A product of its own, so that a program that wants PNG and JPEG links nothing more.
public enum PictureFormats {
  /// Makes the formats known to `Image.load`, `Image.write` and everything that stands on them. Once is enough, again does
  /// no harm.
  public static func register() {
    // TGA files have no signature: they are looked for last.
    let codecs: [any ImageCodec] = [TIFFCodec(), WebPCodec(), PhotoshopCodec(), OpenRasterCodec(), TGACodec()]
    for codec in codecs { ImageFormat.register(codec) }
  }
}

extension ImageFormat {
  /// Lossless as it is written here, with or without transparency, of 8 or 16 bits.
  public static let tiff = ImageFormat(rawValue: "TIFF")
  /// Lossless as it is written here, with or without transparency; read with loss, too.
  public static let webP = ImageFormat(rawValue: "WebP")
  /// Lossless, with or without transparency.
  public static let tga = ImageFormat(rawValue: "TGA")
  /// A document of layers, of which the merged picture is read.
  public static let photoshop = ImageFormat(rawValue: "Photoshop")
  /// A document of layers, of Krita too, of which the merged picture is read.
  public static let openRaster = ImageFormat(rawValue: "OpenRaster")
}
