// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct FlatsFileTests {
  /// A grid of boxes, each of its own colour.
  private func flats(_ columns: Int, _ rows: Int) throws -> Flats {
    let (width, height) = (columns * 6 + 1, rows * 6 + 1)
    let pixels: [UInt8] = (0..<width * height).map { $0 % width % 6 == 0 || $0 / width % 6 == 0 ? 0 : 255 }
    let map = try RegionMap(
      lineArt: Image(width: width, height: height, channels: 1, pixels: pixels), options: RegionOptions(minimumArea: 0))
    #expect(map.regions.count == columns * rows)
    return try Flats(
      map, paints: map.regions.map { Flats.Paint(RGB(UInt8($0.id % 256), UInt8($0.id / 256 % 256), 7), share: 0.5) })
  }

  @Test(arguments: [(1, 1), (16, 16), (16, 17)]) func mapsComeBack(columns: Int, rows: Int) throws {
    let flats = try flats(columns, rows)
    let png = try flats.map.pngData()
    // The color type in the header: indexed up to 256 regions, then grey of 16 bits.
    #expect(png[25] == (columns * rows <= 256 ? 3 : 0))
    #expect(png[24] == (columns * rows <= 256 ? 8 : 16))
    let back = try RegionMap(png: png)
    #expect(back.labels == flats.map.labels)
    #expect(back.regions.map(\.area) == flats.map.regions.map(\.area))
    #expect(back.regions.map(\.box) == flats.map.regions.map(\.box))
  }

  @Test func flatsComeBackAndAreChanged() throws {
    var drawing = Drawing(200, 200)
    drawing.box(x: 50..<150, y: 50..<150)
    drawing.fill(x: 99..<102, y: 50..<52, .white)
    drawing.fill(x: 80..<110, y: 80..<110)
    let map = try RegionMap(lineArt: drawing.image)
    let flats = try Flats(map, painting: Drawing(50, 50, paper: RGB(9, 8, 7)).image)
    let (png, json) = (try map.pngData(), try flats.jsonData())
    let back = try Flats(map: png, json: json)
    #expect(back.map == map)
    #expect(back.image == flats.image)
    #expect(try back.jsonData() == json)

    // Another program changes a colour: nothing but that is required.
    let short = """
      {"version": 1, "width": 200, "height": 200,
       "regions": [{"id": 1, "color": "#102030"}, {"id": 0, "color": "#FFFFFF"}, {"id": 2, "color": "#000000"}]}
      """
    let changed = try Flats(map: png, json: Array(short.utf8))
    #expect(changed.paints.map(\.color) == [.white, RGB(16, 32, 48), .black])
  }

  @Test func picturesAreIndexed() throws {
    let few = try flats(16, 16)
    let png = try few.pngData()
    #expect(png[25] == 3)
    #expect(try Image(data: png) == few.image)
    let many = try flats(16, 17)
    #expect(try many.pngData()[25] == 2)
  }

  @Test func wrongFilesAreRefused() throws {
    let flats = try flats(2, 2)
    let (png, json) = (try flats.map.pngData(), try flats.jsonData())
    let text = String(decoding: json, as: UTF8.self)
    for (wrong, part) in [
      (text.replacing("\"version\" : 1", with: "\"version\" : 2"), "version"),
      (text.replacing("\"width\" : 13\n}", with: "\"width\" : 14\n}"), "14 x 13"),
      (text.replacing("\"id\" : 3", with: "\"id\" : 4"), "region 4"),
      (text.replacing("#", with: "no"), "color"), ("{}", "version is missing"), ("", "no JSON"), ("[1", "no JSON"),
    ] {
      #expect(wrong != text, "\(part)")
      let error = #expect(throws: FlatsError.self, "\(part)") {
        try Flats(map: png, json: Array(wrong.utf8), file: "r.json")
      }
      #expect(error?.description.contains("r.json") == true)
    }
    #expect(throws: ImageError.self) { try RegionMap(png: Array(png.dropLast(40))) }
    #expect(throws: ImageError.self) { try RegionMap(png: [1, 2, 3]) }
    // Numbers with holes are no regions.
    let holes = try Image(width: 2, height: 1, channels: 1, pixels: [0, 2]).pngData()
    #expect(throws: FlatsError.self) { try RegionMap(png: holes) }
    #expect(throws: FlatsError.self) { try RegionMap(width: 1, height: 1, labels: [.max]) }
    #expect(throws: ImageError.self) { try RegionMap(width: 2, height: 2, labels: [0]) }
  }
}
