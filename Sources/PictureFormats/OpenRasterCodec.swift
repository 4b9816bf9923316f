// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// The merged picture of OpenRaster (`.ora`) and Krita (`.kra`) documents: zip archives with a PNG file of that name.
struct OpenRasterCodec: ImageCodec {
  private static let pictureName = "mergedimage.png"

  var format: ImageFormat { .openRaster }
  var pathExtensions: [String] { ["ora", "kra"] }

  /// The first file is stored uncompressed, so that its name and its text show what the archive is.
  func recognizes(_ data: [UInt8]) -> Bool {
    guard data.starts(with: [0x50, 0x4B, 0x03, 0x04]), data.count > 64 else { return false }
    let name = data[30..<38]
    guard name.elementsEqual("mimetype".utf8) else { return false }
    let text = data.dropFirst(38 + Int(data[28]) + Int(data[29]) << 8)
    // Krita's palettes and bundles are `application/x-krita-palette`, `application/x-krita-resourcebundle`.
    return ["image/openraster", "application/x-krita"].contains {
      text.starts(with: $0.utf8) && text.dropFirst($0.utf8.count).first != UInt8(ascii: "-")
    }
  }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    let picture: [UInt8]?
    do throws(ZipFailure) {
      let archive = try ZipReader(bytes: data, maximumItemCount: 65_535)
      picture =
        archive.holds(Self.pictureName)
        ? try archive.contents(of: Self.pictureName, limit: Image.maximumFileSize) : nil
    } catch {
      throw error.isTruncation
        ? .truncated(file: file, format: .openRaster, reason: error.reason)
        : .corrupt(file: file, format: .openRaster, reason: error.reason)
    }
    guard let picture else {
      throw .unsupported(file: file, format: .openRaster, reason: "it has layers alone and no merged picture")
    }
    guard let png = ImageFormat.png.codec, png.recognizes(picture) else {
      throw .corrupt(file: file, format: .openRaster, reason: "its \(Self.pictureName) is no PNG image")
    }
    return try png.decode(picture, file: file.map { "\($0)/\(Self.pictureName)" } ?? Self.pictureName)
  }
}
