// SPDX-License-Identifier: Apache-2.0

/// The file formats that palettes are read from and written to.
public enum PaletteFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// GIMP's, as text: names of the palette and of its entries.
  case gimp = "GIMP"
  /// Adobe Swatch Exchange: names of the entries.
  case swatchExchange = "ASE"
  /// Photoshop's swatches: names of the entries.
  case photoshop = "ACO"
  /// Krita's: names of the palette and of its entries.
  case krita = "KPL"
  /// One colour a line in hexadecimal digits; without names.
  case hexadecimal = "hexadecimal"
  /// JASC's (Paint Shop Pro), as text; without names.
  case jasc = "JASC"
  /// Adobe's colour table; at most 256 colours, without names.
  case colorTable = "ACT"
  /// A picture of swatches, of any format that pictures are read from; PNG is written. Without names.
  case picture = "picture"

  /// The usual name.
  public var description: String { rawValue }

  /// The extension that such files have.
  public var pathExtension: String {
    switch self {
    case .gimp: "gpl"
    case .swatchExchange: "ase"
    case .photoshop: "aco"
    case .krita: "kpl"
    case .hexadecimal: "hex"
    case .jasc: "pal"
    case .colorTable: "act"
    case .picture: "png"
    }
  }

  /// Whether such a file keeps the names of the entries.
  public var keepsNames: Bool {
    switch self {
    case .gimp, .swatchExchange, .photoshop, .krita: true
    case .hexadecimal, .jasc, .colorTable, .picture: false
    }
  }

  /// The format that a path's extension stands for, in any case; `.txt` is ``hexadecimal``.
  ///
  /// - Throws: ``PaletteError/unsupportedExtension(file:)`` for any other, or none.
  public init(pathExtensionOf path: String) throws(PaletteError) {
    let found = ImageFormat.pathExtension(of: path)?.lowercased()
    if found == "txt" {
      self = .hexadecimal
    } else if let format = Self.allCases.first(where: { $0.pathExtension == found }) {
      self = format
    } else {
      throw .unsupportedExtension(file: path)
    }
  }

  /// The format that a file's content shows. The name of a file is not asked: it lies too often.
  ///
  /// - Throws: ``PaletteError/empty(file:)``, ``PaletteError/unknownFormat(file:resembles:)``, or
  ///   ``PaletteError/truncated(file:format:offset:reason:)`` where not even the signature is whole.
  public init(sniffing data: [UInt8], file: String? = nil) throws(PaletteError) {
    guard !data.isEmpty else { throw .empty(file: file) }
    if let format = Self.signed(data) {
      // A zip file may be a drawing as well.
      self = format == .krita && Self.isPicture(data) ? .picture : format
    } else if PhotoshopSwatches.resembles(data) {
      self = .photoshop
    } else if ColorTable.resembles(data) {
      self = .colorTable
    } else if HexadecimalList.resembles(data) {
      self = .hexadecimal
    } else if Self.isPicture(data) {
      self = .picture
    } else if data.count < 12, let (format, _) = Self.signatures.first(where: { $0.1.starts(with: data) }) {
      throw .truncated(file: file, format: format, offset: data.count, reason: "the signature is incomplete")
    } else {
      throw .unknownFormat(file: file, resembles: Self.resemblance(of: data))
    }
  }

  private static let signatures: [(PaletteFormat, [UInt8])] = [
    (.gimp, Array("GIMP Palette".utf8)),
    (.gimp, [0xEF, 0xBB, 0xBF] + Array("GIMP Palette".utf8)),
    (.swatchExchange, Array("ASEF".utf8)),
    (.krita, [0x50, 0x4B, 0x03, 0x04]),
    (.jasc, Array("JASC-PAL".utf8)),
    (.picture, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.picture, [0xFF, 0xD8, 0xFF]),
  ]

  private static func signed(_ data: [UInt8]) -> PaletteFormat? {
    signatures.first { data.starts(with: $0.1) }?.0
  }

  /// Whether a codec that is registered reads the data.
  private static func isPicture(_ data: [UInt8]) -> Bool {
    ImageCodecRegistry.shared.codecs.contains { $0.recognizes(data) }
  }

  // What people do pass by mistake, above all other files of the same extension.
  private static func resemblance(of data: [UInt8]) -> String? {
    func holds(_ text: String, at offset: Int = 0) -> Bool {
      data.dropFirst(offset).starts(with: text.utf8)
    }
    if data.count > 6, data[4] == 0xE0, data[5] == 0xA5 { return "a drawing of Aseprite" }
    if holds("RIFF"), holds("PAL ", at: 8) { return "a Microsoft palette" }
    if holds("8BPS") { return "a Photoshop document" }
    if holds("GIF8") { return "a GIF image" }
    if holds("RIFF"), holds("WEBP", at: 8) { return "a WebP image" }
    if holds("BM") { return "a BMP image" }
    if holds("acsp", at: 36) { return "a colour profile" }
    if holds("<") { return "an XML file or a web page" }
    if holds("{") { return "a JSON file" }
    return nil
  }
}
