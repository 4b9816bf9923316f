// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

@Suite struct RegionMapTests {
  /// What holds for every map.
  private func checkWhole(_ map: RegionMap, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(map.labels.count == map.width * map.height, sourceLocation: sourceLocation)
    var areas = [Int](repeating: 0, count: map.regions.count)
    for label in map.labels {
      guard Int(label) < areas.count else {
        Issue.record("A pixel belongs to region \(label) of \(areas.count)", sourceLocation: sourceLocation)
        return
      }
      areas[Int(label)] += 1
    }
    #expect(areas == map.regions.map(\.area), sourceLocation: sourceLocation)
    #expect(!areas.contains(0), sourceLocation: sourceLocation)
    #expect(areas == areas.sorted(by: >), sourceLocation: sourceLocation)
    #expect(map.regions.map(\.id) == Array(areas.indices), sourceLocation: sourceLocation)
    for region in map.regions {
      #expect(map.region(x: region.center.x, y: region.center.y)?.id == region.id, sourceLocation: sourceLocation)
      for neighbor in region.neighbors {
        let back = map.regions[neighbor.id].neighbors.first { $0.id == region.id }
        #expect(
          back?.length == neighbor.length && back?.openLength == neighbor.openLength, sourceLocation: sourceLocation)
        #expect(neighbor.length > 0 && neighbor.openLength <= neighbor.length, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func aClosedBoxIsARegionAndItsLineIsParted() throws {
    var drawing = Drawing(100, 80)
    drawing.box(x: 20..<60, y: 20..<60)
    let map = try RegionMap(lineArt: drawing.image)
    checkWhole(map)
    #expect(map.regions.count == 2)
    #expect(map.gaps.isEmpty)
    // Of the line's two pixels, the outer one belongs to the outside and the inner one to the inside.
    #expect(map.region(x: 20, y: 40)?.id == 0)
    #expect(map.region(x: 21, y: 40)?.id == 1)
    #expect(map.regions[1].area == 38 * 38)
    let box = map.regions[1].box
    #expect([box.x, box.y, box.width, box.height] == [21, 21, 38, 38])
    #expect(map.regions[1].neighbors.map { [$0.id, $0.length, $0.openLength] } == [[0, 4 * 38, 0]])
    #expect(!map.regions[1].isInk)
  }

  @Test(arguments: [1, 3, 6]) func gapsUpToTheWidestAreClosed(width: Int) throws {
    var drawing = Drawing(200, 200)
    drawing.box(x: 50..<150, y: 50..<150)
    drawing.fill(x: 100..<100 + width, y: 50..<52, .white)
    let closed = try RegionMap(lineArt: drawing.image, options: RegionOptions(maximumGap: Double(width)))
    checkWhole(closed)
    #expect(closed.regions.count == 2)
    let gap = try #require(closed.gaps.first)
    #expect(closed.gaps.count == 1)
    #expect(abs(gap.x - (100 + width / 2)) <= 1 && abs(gap.y - 51) <= 2)
    // The middle of a gap of an even number of pixels lies between two.
    #expect(abs(gap.width - Double(width)) <= 1)
    #expect(Set(gap.regions) == [0, 1])
    #expect(closed.regions[1].neighbors.first?.openLength ?? 0 > 0)

    let none = try RegionMap(lineArt: drawing.image, options: RegionOptions(maximumGap: 0))
    #expect(none.regions.count == 1)
    #expect(none.gaps.isEmpty)
  }

  @Test func aWiderGapStaysOpen() throws {
    var drawing = Drawing(200, 200)
    drawing.box(x: 50..<150, y: 50..<150)
    drawing.fill(x: 90..<110, y: 50..<52, .white)
    #expect(try RegionMap(lineArt: drawing.image, options: RegionOptions(maximumGap: 10)).regions.count == 1)
    #expect(try RegionMap(lineArt: drawing.image, options: RegionOptions(maximumGap: 22)).regions.count == 2)
  }

  @Test func thinShapesStay() throws {
    var drawing = Drawing(200, 200)
    // A strand of two pixels between lines of two.
    drawing.box(x: 40..<160, y: 60..<66)
    // A wedge that tapers off, as hair does.
    for x in 40..<160 {
      let half = (160 - x) / 8
      for line in 0..<2 {
        drawing.set(x, 120 - half - line)
        drawing.set(x, 121 + half + line)
      }
    }
    drawing.fill(x: 40..<42, y: 104..<138)
    let map = try RegionMap(lineArt: drawing.image)
    checkWhole(map)
    #expect(map.regions.count == 3)
    let strand = try #require(map.region(x: 100, y: 62))
    #expect(strand.id != 0 && strand.area >= 116 * 2)
    // All of the wedge is one region, up to its tip.
    let wedge = map.region(x: 50, y: 120)?.id
    #expect(wedge != 0 && map.region(x: 130, y: 120)?.id == wedge && map.region(x: 145, y: 120)?.id == wedge)
  }

  @Test func smallEnclosedAreasStayAndSpecksDoNot() throws {
    var drawing = Drawing(400, 400)
    drawing.box(x: 100..<108, y: 100..<108)
    drawing.box(x: 200..<205, y: 200..<205)
    let map = try RegionMap(lineArt: drawing.image)
    // 4 x 4 pixels, and the inner half of the line; the other box holds a single pixel.
    #expect(map.regions.map(\.area) == [400 * 400 - 36, 36])
    let all = try RegionMap(lineArt: drawing.image, options: RegionOptions(minimumArea: 0))
    #expect(all.regions.count == 3)
  }

  @Test func solidSpotsAreRegionsAndLinesAreNot() throws {
    var drawing = Drawing(200, 200)
    drawing.box(x: 20..<180, y: 20..<180)
    drawing.fill(x: 80..<110, y: 80..<110)
    let map = try RegionMap(lineArt: drawing.image)
    checkWhole(map)
    #expect(map.regions.map(\.isInk) == [false, false, true])
    #expect((850...900).contains(map.regions[2].area))
  }

  @Test func linesOfEveryKindCount() throws {
    let kinds: [(name: String, line: RGB, paper: RGB)] = [
      ("black", .black, .white), ("pencil", RGB(170, 170, 170), RGB(236, 230, 220)), ("red", RGB(220, 40, 40), .white),
      ("yellow", RGB(250, 220, 60), .white), ("chalk", RGB(230, 230, 230), RGB(20, 40, 30)),
    ]
    for kind in kinds {
      var drawing = Drawing(120, 120, paper: kind.paper)
      drawing.box(x: 30..<90, y: 30..<90, kind.line)
      #expect(try RegionMap(lineArt: drawing.image).regions.count == 2, "\(kind.name)")
    }
  }

  @Test func unevenPaperIsNoLine() throws {
    // Light falls off to 60% from left to right.
    var drawing = Drawing(300, 300)
    for x in 0..<300 {
      let light = 255 - Double(x) * 0.34
      for y in 0..<300 {
        let isLine = (100..<102).contains(x) || (200..<202).contains(x)
        let value = UInt8(isLine ? light * 0.4 : light)
        drawing.set(x, y, RGB(value, value, value))
      }
    }
    #expect(try RegionMap(lineArt: drawing.image).regions.count == 3)
  }

  @Test func grainIsNoLine() throws {
    // Pencil on paper whose grain reaches a third of the pencil's contrast.
    var random = SplitMix64(state: 11)
    var drawing = Drawing(256, 256)
    for y in 0..<256 {
      for x in 0..<256 {
        let isLine =
          (60..<63).contains(x) && (60..<200).contains(y) || (197..<200).contains(x) && (60..<200).contains(y)
        let isAcross = (60..<200).contains(x) && ((60..<63).contains(y) || (197..<200).contains(y))
        let value = UInt8((isLine || isAcross ? 120 : 225) + Int.random(in: -18...18, using: &random))
        drawing.set(x, y, RGB(value, value, value))
      }
    }
    #expect(try RegionMap(lineArt: drawing.image).regions.count == 2)
  }

  @Test func aTornFaintStrokeIsALine() throws {
    // A box in strong pencil, parted by a stroke whose pieces are two or three pixels long, and grain of that darkness
    // that lies alone.
    var drawing = Drawing(240, 160, paper: RGB(250, 250, 250))
    drawing.box(x: 20..<220, y: 20..<140, RGB(90, 90, 90))
    let faint = RGB(205, 205, 205)
    for y in 22..<138 where y % 4 != 3 { drawing.set(120 + y / 4 % 2, y, faint) }
    for place in stride(from: 30, to: 110, by: 9) { drawing.fill(x: place..<place + 2, y: place..<place + 2, faint) }
    let map = try RegionMap(lineArt: drawing.image)
    #expect(map.regions.count == 3)
    #expect(map.region(x: 60, y: 80) != map.region(x: 180, y: 80))
    // Without the row it is grain.
    var grain = Drawing(240, 160, paper: RGB(250, 250, 250))
    grain.box(x: 20..<220, y: 20..<140, RGB(90, 90, 90))
    for place in stride(from: 30, to: 110, by: 9) { grain.fill(x: place..<place + 2, y: place..<place + 2, faint) }
    #expect(try RegionMap(lineArt: grain.image).regions.count == 2)
  }

  @Test func antialiasedPaperBetweenCloseLinesStays() throws {
    // Lines at 10 and 12 with half-covered flanks: the column between them is half grey.
    let row: [UInt8] = (0..<64).map { x in [10, 12].contains(x % 32) ? 0 : [9, 11, 13].contains(x % 32) ? 130 : 255 }
    let drawing = try Image(width: 64, height: 64, channels: 1, pixels: (0..<64).flatMap { _ in row })
    let map = try RegionMap(lineArt: drawing, options: RegionOptions(maximumGap: 0, minimumArea: 0))
    #expect(map.regions.count == 5)
  }

  @Test(arguments: [(1, 1), (1, 40), (40, 1), (2, 2), (3, 700), (700, 3)]) func oddSizes(width: Int, height: Int) throws
  {
    for color in [RGB.white, .black, RGB(128, 128, 128), RGB(200, 30, 30)] {
      let map = try RegionMap(lineArt: Drawing(width, height, paper: color).image)
      checkWhole(map)
      #expect(map.regions.count == 1)
    }
    var half = Drawing(width, height)
    half.fill(x: 0..<(width + 1) / 2, y: 0..<(height + 1) / 2)
    checkWhole(try RegionMap(lineArt: half.image))
  }

  @Test func blankAndFullPicturesAreOneRegion() throws {
    for color in [RGB.white, .black] {
      let map = try RegionMap(lineArt: Drawing(64, 48, paper: color).image)
      #expect(map.regions.count == 1)
      #expect(map.regions[0].neighbors.isEmpty)
    }
    let clear = try Image(width: 20, height: 20, color: [0, 0, 0, 0])
    #expect(try RegionMap(lineArt: clear).regions.count == 1)
  }

  @Test func noiseGivesAResultTheSameEveryTime() throws {
    var random = SplitMix64(state: 7)
    let pixels = (0..<300 * 200 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    let photo = try Image(width: 300, height: 200, channels: 3, pixels: pixels)
    let map = try RegionMap(lineArt: photo)
    checkWhole(map)
    #expect(try RegionMap(lineArt: photo) == map)
  }

  @Test func seventyThousandRegions() throws {
    // Cells of 3 x 3 pixels, lines of one between them.
    let cells = 265
    let side = cells * 4 + 1
    let pixels: [UInt8] = (0..<side * side).map { $0 % side % 4 == 0 || $0 / side % 4 == 0 ? 0 : 255 }
    let map = try RegionMap(
      lineArt: Image(width: side, height: side, channels: 1, pixels: pixels),
      options: RegionOptions(minimumArea: 0, polarity: .darkOnLight))
    #expect(map.regions.count == cells * cells)
    let png = try map.pngData()
    #expect(try RegionMap(png: png).labels == map.labels)
    let flats = try Flats(map, painting: Drawing(8, 8, paper: RGB(10, 200, 30)).image)
    #expect(flats.colors.map(\.color) == [RGB(10, 200, 30)])
  }

  @Test func optionsOutOfRangeAreRefused() throws {
    let drawing = try Drawing(4, 4).image
    for options in [
      RegionOptions(maximumGap: -1), RegionOptions(maximumGap: .nan), RegionOptions(maximumGap: 1e9),
      RegionOptions(minimumArea: -1), RegionOptions(guides: GuideOptions([])),
      RegionOptions(guides: GuideOptions([.init(hue: .infinity, shade: .shadow)])),
    ] {
      #expect(throws: FlatsError.self) { try RegionMap(lineArt: drawing, options: options) }
    }
  }

  @Test func cancellationIsHeard() async throws {
    let drawing = try Drawing(64, 64).image
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try RegionMap(lineArt: drawing)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
