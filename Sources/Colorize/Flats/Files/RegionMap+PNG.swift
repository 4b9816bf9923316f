// SPDX-License-Identifier: Apache-2.0

extension RegionMap {
  /// The map as a PNG file whose pixels are the regions' numbers.
  ///
  /// Up to 256 regions it is an indexed picture: a pixel's index is its region, and the palette tells the regions apart
  /// by eye. Up to 65,536 it is grey of 16 bits, a pixel's value being its region. Beyond, it is RGB, and the region is
  /// `R * 65536 + G * 256 + B`. ``init(png:file:)`` reads all three.
  ///
  /// - Throws: ``ImageError/encodingFailed(format:reason:)``.
  public func pngData() throws(ImageError) -> [UInt8] {
    let text = try PNGText.Entry(key: "Regions", value: String(regions.count))
    if regions.count <= 256 {
      return try PNGCoding.encode(
        indices: labels.map { UInt8(truncatingIfNeeded: $0) },
        palette: regions.map { Self.marker(of: $0.id) }, width: width, height: height, texts: [text])
    }
    if regions.count <= 65_536 {
      return try PNGCoding.encode(
        grey16: labels.map { UInt16(truncatingIfNeeded: $0) }, width: width, height: height, texts: [text])
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(labels.count * 3)
    for label in labels {
      let color = RGB(packed: label)
      pixels += [color.red, color.green, color.blue]
    }
    return try PNGCoding.encode(
      Image(checkedWidth: width, height: height, channels: 3, pixels: pixels), texts: [text], resolution: nil)
  }

  /// The map in a PNG file as ``pngData()`` writes it: any indexed picture, grey or RGB, whose values are the numbers
  /// 0 ... n - 1, each of which some pixel has.
  ///
  /// What the pixels do not say (``Region/isInk``, ``Region/shade``, open bounds and gaps) is not there; a file of
  /// ``Flats/jsonData()`` has it.
  ///
  /// - Parameter file: The path, for the errors.
  /// - Throws: ``FlatsError/invalidFile(file:reason:)``, ``ImageError``, or `CancellationError`.
  public init(png data: [UInt8], file: String? = nil) throws {
    guard try ImageFormat(sniffing: data, file: file) == .png else {
      throw FlatsError.invalidFile(file: file, reason: "it is no PNG file, which region maps are kept in")
    }
    let (width, height, labels) = try PNGCoding.numbers(in: data, file: file)
    try self.init(width: width, height: height, labels: labels, file: file)
  }

  /// The map of given numbers.
  ///
  /// - Parameter labels: `width * height` numbers, which are 0 ... n - 1, each of which some pixel has.
  /// - Throws: ``FlatsError/invalidFile(file:reason:)``, ``ImageError`` for a size beyond the limits of ``Image``, or
  ///   `CancellationError`.
  public init(width: Int, height: Int, labels: [UInt32], file: String? = nil) throws {
    try Image.check(width: width, height: height, channels: 1, count: labels.count)
    let most = labels.max() ?? 0
    var isUsed = [Bool](repeating: false, count: min(Int(most) + 1, labels.count + 1))
    for label in labels where Int(label) < isUsed.count { isUsed[Int(label)] = true }
    if let missing = isUsed.firstIndex(of: false) {
      throw FlatsError.invalidFile(
        file: file, reason: "no pixel belongs to region \(missing), though there is a region \(most)")
    }
    let contacts = try Contacts(labels, width: width, height: height, bounds: [])
    let survey = RegionSurvey(labels, width: width, height: height, count: isUsed.count)
    self.init(
      width: width, height: height, labels: labels,
      regions: survey.regions(contacts, isInk: isUsed.map { _ in false }, shades: nil), gaps: [])
  }

  /// A colour to tell a region from its neighbours by eye: hues a golden angle apart, of three lightnesses.
  private static func marker(of region: Int) -> RGB {
    let sector = (Double(region) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1) * 6
    let value = [235.0, 190, 150][region % 3]
    func sample(_ offset: Double) -> UInt8 {
      let place = (offset + sector).truncatingRemainder(dividingBy: 6)
      return UInt8(value - value * 0.55 * max(0, min(1, min(place, 4 - place))))
    }
    return RGB(sample(5), sample(3), sample(1))
  }
}
