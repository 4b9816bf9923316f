// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Palette {
  /// Reads a palette's file, or the colours of a picture.
  ///
  /// The content decides what it is, not the name. See ``init(data:file:)``.
  ///
  /// - Throws: ``PaletteError``.
  public static func read(_ path: String) throws(PaletteError) -> Palette {
    try readWithFormat(path).palette
  }

  /// Reads as ``read(_:)`` does, and says what the file is.
  package static func readWithFormat(
    _ path: String
  ) throws(PaletteError) -> (palette: Palette, format: PaletteFormat) {
    let data: [UInt8]
    do {
      data = try FileReader.bytes(of: path, limit: maximumFileSize)
    } catch {
      throw PaletteError(ImageError(error))
    }
    return (try Palette(data: data, file: path), try PaletteFormat(sniffing: data, file: path))
  }

  /// Decodes a palette's file held in memory.
  ///
  /// - `.gpl` (GIMP): the colours of the text, in UTF-8 or Latin-1. An entry called "Untitled" has no name.
  /// - `.ase` (Adobe Swatch Exchange): RGB, CMYK, Lab and grey; groups are passed over.
  /// - `.aco` (Photoshop), version 1 and 2: RGB, HSB, CMYK, Lab and grey.
  /// - `.kpl` (Krita), of its `colorset.xml`: RGB, CMYK, Lab, XYZ and grey, groups after one another.
  /// - `.act`, `.pal` (JASC), lists of hexadecimal colours (`RRGGBB` of Lospec, `AARRGGBB` of paint.net).
  /// - PNG, JPEG and formats that are registered: a picture of swatches gives its swatches from the top left; any other gives its colours as
  ///   ``init(of:maximumColors:mask:minimumShare:)`` finds them.
  ///
  /// RGB is taken for sRGB; other models are converted by plain formulas: CMYK by `(1 - ink)(1 - black)`, Lab of Adobe
  /// and Krita from D50 by Bradford's transform.
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - file: Its path, for the errors; nil if it has none.
  /// - Throws: ``PaletteError``, with the offset of what is wrong.
  public init(data: [UInt8], file: String? = nil) throws(PaletteError) {
    let format = try PaletteFormat(sniffing: data, file: file)
    guard data.count <= Self.maximumFileSize else {
      throw .tooLarge(
        file: file, reason: "a palette of \(data.count) bytes, where at most \(Self.maximumFileSize) are read")
    }
    let source = PaletteSource(bytes: data, file: file, format: format)
    switch format {
    case .gimp: self = try GIMPPalette.read(source)
    case .swatchExchange: self = try SwatchExchange.read(source)
    case .photoshop: self = try PhotoshopSwatches.read(source)
    case .krita: self = try KritaPalette.read(source)
    case .hexadecimal: self = try HexadecimalList.read(source)
    case .jasc: self = try JASCPalette.read(source)
    case .colorTable: self = try ColorTable.read(source)
    case .picture: self = try SwatchPicture.read(source)
    }
    guard !entries.isEmpty else { throw .noColors(file: file, format: format) }
  }

  /// The palette as a file. What the format has no room for (see ``PaletteFormat/keepsNames``) is left out.
  ///
  /// - Throws: ``PaletteError/unsuitable(format:reason:)`` for too many colours, or none.
  public func data(as format: PaletteFormat) throws(PaletteError) -> [UInt8] {
    guard !entries.isEmpty else { throw .unsuitable(format: format, reason: "it has no colours") }
    let most = format == .colorTable ? 256 : format == .photoshop ? 65_535 : Self.maximumEntryCount
    guard entries.count <= most else {
      throw .unsuitable(format: format, reason: "it has \(entries.count) colours, where at most \(most) have room")
    }
    return switch format {
    case .gimp: GIMPPalette.data(self)
    case .swatchExchange: SwatchExchange.data(self)
    case .photoshop: PhotoshopSwatches.data(self)
    case .krita: try KritaPalette.data(self)
    case .hexadecimal: HexadecimalList.data(self)
    case .jasc: JASCPalette.data(self)
    case .colorTable: ColorTable.data(self)
    case .picture: try SwatchPicture.data(self)
    }
  }

  /// Writes the palette in the format of the path's extension (``PaletteFormat/init(pathExtensionOf:)``).
  ///
  /// The file is replaced in one step: if anything fails, what stood there before is still there.
  ///
  /// - Parameters:
  ///   - path: Where to. The folder must exist.
  ///   - existing: What happens to a file that is there.
  /// - Throws: ``PaletteError``.
  public func write(to path: String, existing: ExistingFilePolicy = .replace) throws(PaletteError) {
    let data = try data(as: PaletteFormat(pathExtensionOf: path))
    do {
      try AtomicFile.write(data, to: path, existing: existing)
    } catch {
      throw PaletteError(ImageError(error))
    }
  }
}
