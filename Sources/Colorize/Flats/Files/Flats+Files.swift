// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Flats {
  /// The picture as a PNG file: indexed where it has at most 256 colours, RGB otherwise.
  ///
  /// The palette holds ``colors`` in their order, so that a program can give a colour another value without touching
  /// a pixel.
  ///
  /// - Throws: ``ImageError/encodingFailed(format:reason:)``.
  public func pngData() throws(ImageError) -> [UInt8] {
    let uses = colors
    guard uses.count <= 256 else { return try image.pngData() }
    var places = [UInt8](repeating: 0, count: paints.count)
    for (index, use) in uses.enumerated() {
      for region in use.regions { places[region] = UInt8(index) }
    }
    return try PNGCoding.encode(
      indices: map.labels.map { places[Int($0)] }, palette: uses.map(\.color), width: map.width, height: map.height,
      texts: [])
  }

  /// Everything but the pixels, as JSON: see ``FlatsDocument``. Keys are sorted, so that the same flats give the same
  /// bytes.
  public func jsonData() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return [UInt8](try encoder.encode(FlatsDocument(self))) + [0x0A]
  }

  /// Flats from the files that ``RegionMap/pngData()`` and ``jsonData()`` made, perhaps with other colours.
  ///
  /// The pixels say where the regions are; areas, boxes and neighbours of the JSON are not looked at.
  ///
  /// - Parameters:
  ///   - png: The region map.
  ///   - json: The document; only `version`, `width`, `height` and each region's `id` and `color` are required.
  ///   - file: The JSON file's path, for the errors.
  /// - Throws: ``FlatsError/invalidFile(file:reason:)``, ``ImageError``, or `CancellationError`.
  public init(map png: [UInt8], json: [UInt8], mapFile: String? = nil, file: String? = nil) throws {
    let map = try RegionMap(png: png, file: mapFile)
    let document: FlatsDocument
    do {
      document = try JSONDecoder().decode(FlatsDocument.self, from: Data(json))
    } catch let error as DecodingError {
      let reason = JSONFault.description(of: Data(json)) ?? Self.describe(error)
      throw FlatsError.invalidFile(file: file ?? "the regions' JSON", reason: reason)
    }
    self = try document.flats(on: map, file: file)
  }

  private static func describe(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
      let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue } + (last.map { [$0] } ?? [])
      return keys.isEmpty ? "the document" : keys.joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(path(context, key.stringValue)) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(path(context)) has the wrong type"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it is no JSON" : "\(path(context)): \(context.debugDescription)"
    @unknown default: "it cannot be read"
    }
  }
}

/// What the JSON beside a region map holds.
public struct FlatsDocument: Sendable, Hashable, Codable {
  /// One region with its colour.
  public struct Entry: Sendable, Hashable, Codable {
    public var id: Int
    public var color: RGB
    /// The share of the vote, 0...1.
    public var share: Double?
    /// The palette entry's name.
    public var name: String?
    /// The palette entry's place.
    public var entry: Int?
    /// CIEDE2000 of what was painted from the colour.
    public var distance: Double?
    public var area: Int?
    public var box: PixelBox?
    public var center: PixelPoint?
    public var isInk: Bool?
    public var shade: Shade?
    public var neighbors: [Region.Neighbor]?
  }

  /// 1.
  public var version: Int
  public var width: Int
  public var height: Int
  /// By `id`, in any order.
  public var regions: [Entry]
  public var gaps: [Gap]?

  /// The version that is written.
  public static let currentVersion = 1

  public init(_ flats: Flats) {
    version = Self.currentVersion
    width = flats.map.width
    height = flats.map.height
    regions = zip(flats.map.regions, flats.paints).map { region, paint in
      Entry(
        id: region.id, color: paint.color, share: Self.rounded(paint.share), name: paint.name, entry: paint.entry,
        distance: Self.rounded(paint.distance), area: region.area, box: region.box, center: region.center,
        isInk: region.isInk, shade: region.shade, neighbors: region.neighbors)
    }
    gaps = flats.map.gaps
  }

  /// Four digits say all there is.
  private static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

  /// - Throws: ``FlatsError/invalidFile(file:reason:)`` where the two do not belong together.
  func flats(on map: RegionMap, file: String?) throws(FlatsError) -> Flats {
    func fail(_ reason: String) -> FlatsError { .invalidFile(file: file ?? "the regions' JSON", reason: reason) }
    guard version == Self.currentVersion else {
      throw fail("its version is \(version), where \(Self.currentVersion) can be read")
    }
    guard width == map.width, height == map.height else {
      throw fail("it is for \(width) x \(height) pixels, where the region map has \(map.width) x \(map.height)")
    }
    var paints = [Flats.Paint?](repeating: nil, count: map.regions.count)
    for region in regions {
      guard paints.indices.contains(region.id) else {
        throw fail("it has a region \(region.id), where the map has 0 to \(paints.count - 1)")
      }
      guard paints[region.id] == nil else { throw fail("it has region \(region.id) twice") }
      if let share = region.share, !(0...1).contains(share) {
        throw fail("the share of region \(region.id) is \(share), where 0 to 1 is expected")
      }
      paints[region.id] = Flats.Paint(
        region.color, share: region.share ?? 1, name: region.name, entry: region.entry, distance: region.distance ?? 0)
    }
    if let missing = paints.firstIndex(of: nil) { throw fail("it has no region \(missing)") }
    return try Flats(map.withNotes(from: self), paints: paints.compactMap { $0 })
  }
}

extension RegionMap {
  /// The map with what only the document knows.
  fileprivate func withNotes(from document: FlatsDocument) -> RegionMap {
    var entries = [FlatsDocument.Entry?](repeating: nil, count: regions.count)
    for entry in document.regions { entries[entry.id] = entry }
    let noted = zip(regions, entries).map { region, entry in
      let open = Dictionary((entry?.neighbors ?? []).map { ($0.id, $0.openLength) }, uniquingKeysWith: max)
      return Region(
        id: region.id, area: region.area, box: region.box,
        center: self.region(at: entry?.center) == region.id ? entry?.center ?? region.center : region.center,
        isInk: entry?.isInk ?? false, shade: entry?.shade ?? .base,
        neighbors: region.neighbors.map { neighbor in
          Region.Neighbor(
            id: neighbor.id, length: neighbor.length,
            openLength: max(0, min(neighbor.length, open[neighbor.id] ?? 0)))
        })
    }
    return RegionMap(width: width, height: height, labels: labels, regions: noted, gaps: document.gaps ?? [])
  }

  private func region(at point: PixelPoint?) -> Int? {
    point.flatMap { region(x: $0.x, y: $0.y)?.id }
  }
}
