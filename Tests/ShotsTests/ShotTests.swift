// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Shots
import TestSupport
import Testing

/// Shots on a tiny network: what is done, what is not done again, and what is left of what was interrupted.
struct ShotTests {
  private let folder: TemporaryFolder
  private let model: Model

  init() throws {
    folder = try TemporaryFolder()
    let path = folder.file("tiny.safetensors")
    try TinyNetwork.write(to: path)
    model = Model(
      name: "tiny", weights: WeightSource(try SafetensorsFile(path: path)), configuration: TinyNetwork.configuration)
    for frame in 1...4 { try drawing(frame).write(to: folder.file("\(frame).png")) }
    try Image(width: 30, height: 20, channels: 3, pixels: (0..<1800).map { UInt8(truncatingIfNeeded: $0 * 7) })
      .write(to: folder.file("sheet.png"))
  }

  private func drawing(_ frame: Int) throws -> Image {
    try Image(
      width: 40, height: 28, channels: 1, pixels: (0..<40 * 28).map { ($0 / 40 + $0 % 40 + frame) % 9 == 0 ? 0 : 255 })
  }

  private func shot(_ numbers: [Int] = [1, 2, 3, 4], out: String = "out") throws -> Shot {
    try FileManager.default.createDirectory(atPath: folder.file(out), withIntermediateDirectories: true)
    var settings = ColorizeSettings()
    settings.steps = 2
    settings.size = 64
    settings.fill = .painting
    settings.lines = .network
    return Shot(
      frames: numbers.map { number in
        ShotFrame(
          number: number, label: "\(number)", sketch: folder.file("\(number).png"), reference: folder.file("sheet.png"),
          settings: settings, output: folder.file("\(out)/\(number).png"))
      }, manifest: folder.file("\(out)/shot.jsonl"))
  }

  private func run(_ shot: Shot) async throws -> [String: ShotOutcome.Status] {
    let colorizer = try await Colorizer(model: model)
    var found: [String: ShotOutcome.Status] = [:]
    for try await outcome in try shot.outcomes(on: colorizer) { found[outcome.frame.label] = outcome.status }
    return found
  }

  private func bytes(_ out: String) throws -> [Data] {
    try (1...4).map { try Data(contentsOf: URL(fileURLWithPath: folder.file("\(out)/\($0).png"))) }
  }

  @Test func framesAreThoseOfSingleRequests() async throws {
    let outcomes = try await run(shot())
    #expect(outcomes.values.allSatisfy { $0 == .finished } && outcomes.count == 4)
    let colorizer = try await Colorizer(model: model)
    for frame in try shot().frames {
      let request = ColorizeRequest(
        sketch: try Image.load(frame.sketch), reference: .image(try Image.load(folder.file("sheet.png"))),
        settings: frame.settings)
      #expect(try await colorizer.colorize(request).image == Image.load(frame.output))
    }
    #expect(folder.contents.filter { $0.hasSuffix(".tmp") }.isEmpty)
  }

  @Test func whatAppearsOrIsRetouchedDuringTheWorkStays() async throws {
    let colorizer = try await Colorizer(model: model)
    let mine = Data([1, 2, 3])
    var shot = try shot([1, 2])
    func run() async throws -> [String: ShotOutcome.Status] {
      var found: [String: ShotOutcome.Status] = [:]
      let outcomes = try shot.outcomes(on: colorizer) { frame, event in
        guard frame.number == 1, case .step = event else { return }
        try? mine.write(to: URL(fileURLWithPath: frame.output))
      }
      for try await outcome in outcomes { found[outcome.frame.label] = outcome.status }
      return found
    }
    func content(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) }
    func check(_ outcomes: [String: ShotOutcome.Status], beside: String) throws {
      guard case .failed(let reason) = outcomes["1"] else { return #expect(Bool(false), "\(outcomes)") }
      #expect(reason.contains("another file is there by now") && reason.contains(folder.file(beside)), "\(reason)")
      #expect(try content("out/1.png") == mine && Image.load(folder.file(beside)).width > 0)
    }
    let first = try await run()
    try check(first, beside: "out/1-2.png")
    #expect(first["2"] == .finished)
    #expect(try shot.plan(for: model).entries[0].state == .occupied(file: folder.file("out/1.png")))
    // One that was made before and is retouched while it is made anew.
    try FileManager.default.removeItem(atPath: folder.file("out/1.png"))
    try FileManager.default.removeItem(atPath: folder.file("out/1-2.png"))
    _ = try await self.run(self.shot([1, 2]))
    shot.frames[0].settings.seed = 9
    #expect(try shot.plan(for: model).entries[0].state == .changed)
    try check(await run(), beside: "out/1-2.png")
    #expect(try shot.plan(for: model).entries[0].state == .retouched)
    shot.overwrites = true
    #expect(try await run()["1"] == .finished)
    #expect(try content("out/1.png") != mine)
  }

  @Test func whatIsFinishedIsNotDoneAgain() async throws {
    var shot = try shot()
    _ = try await run(shot)
    let before = try bytes("out")
    #expect(try await run(shot).values.allSatisfy { $0 == .unchanged })
    // One is missing, of one the drawing has changed, of one the settings, and one was changed by hand.
    try FileManager.default.removeItem(atPath: folder.file("out/1.png"))
    try drawing(7).write(to: folder.file("2.png"))
    shot.frames[2].settings.seed = 5
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("out/4.png")))
    let states = try shot.plan(for: model).entries.map(\.state)
    #expect(states == [.new, .changed, .changed, .retouched])
    let outcomes = try await run(shot)
    #expect(outcomes == ["1": .finished, "2": .finished, "3": .finished, "4": .retouched])
    let after = try bytes("out")
    #expect(after[0] == before[0] && after[1] != before[1] && after[2] != before[2] && after[3] == Data([1, 2, 3]))
    shot.overwrites = true
    #expect(try await run(shot)["4"] == .finished)
    #expect(try bytes("out")[3] == before[3])
  }

  @Test func filesOfOthersAreNotReplaced() async throws {
    let shot = try shot()
    try Data([9]).write(to: URL(fileURLWithPath: folder.file("out/3.png")))
    #expect(try shot.plan(for: model).entries[2].state == .occupied(file: folder.file("out/3.png")))
    let outcomes = try await run(shot)
    guard case .failed = outcomes["3"] else { return #expect(Bool(false), "\(String(describing: outcomes["3"]))") }
    #expect(try bytes("out")[2] == Data([9]))
  }

  @Test func aFrameThatFailsStopsNoOther() async throws {
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder.file("2.png")))
    try FileManager.default.removeItem(atPath: folder.file("3.png"))
    var outcomes = try await run(shot())
    #expect(outcomes["1"] == .finished && outcomes["4"] == .finished)
    for frame in ["2", "3"] {
      guard case .failed(let reason) = outcomes[frame] else { return #expect(Bool(false), "frame \(frame)") }
      #expect(reason.contains("\(frame).png"))
    }
    try drawing(2).write(to: folder.file("2.png"))
    try drawing(3).write(to: folder.file("3.png"))
    outcomes = try await run(shot())
    #expect(outcomes == ["1": .unchanged, "2": .finished, "3": .finished, "4": .unchanged])
  }

  @Test func cancellationLeavesWholeFramesOnly() async throws {
    let shot = try shot()
    let colorizer = try await Colorizer(model: model)
    let task = Task {
      for try await outcome in try shot.outcomes(on: colorizer) where outcome.frame.label == "2" {
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted() == [
        "1.png", "2.png", "shot.jsonl",
      ])
    #expect(try await run(shot) == ["1": .unchanged, "2": .unchanged, "3": .finished, "4": .finished])
    _ = try await run(self.shot(out: "other"))
    #expect(try bytes("out") == bytes("other"))
  }

  @Test func twoRunsPartTheFrames() async throws {
    let shot = try shot()
    async let one = run(shot)
    async let other = run(shot)
    let (first, second) = try await (one, other)
    for frame in ["1", "2", "3", "4"] {
      // One of them colours it, and the other finds it done, before or at the end.
      let states = [first[frame], second[frame]]
      #expect(states.count { $0 == .finished } == 1, "\(frame)")
      #expect(states.count { $0 == .finishedElsewhere || $0 == .unchanged } == 1, "\(frame)")
    }
    _ = try await run(self.shot(out: "other"))
    #expect(try bytes("out") == bytes("other"))
  }

  @Test func aFolderThatGoesAwayEndsTheShot() async throws {
    let shot = try shot()
    let colorizer = try await Colorizer(model: model)
    let outcomes = try shot.outcomes(on: colorizer)
    var done = 0
    await #expect(throws: ShotError.self) {
      for try await _ in outcomes {
        done += 1
        try FileManager.default.removeItem(atPath: folder.file("out"))
      }
    }
    #expect(done == 1)
  }

  @Test func twoFramesOfOneFileAreRefused() throws {
    var shot = try shot()
    shot.frames[1].output = shot.frames[0].output
    #expect(throws: ShotError.self) { try shot.plan(for: model) }
    shot.frames[1].output = shot.frames[2].sketch
    #expect(throws: ShotError.self) { try shot.plan(for: model) }
  }

  @Test func approvedColoursReachTheSameDrawing() async throws {
    var shot = try shot()
    let drawing = try ProceduralShot(count: 4, size: 96, seed: 0).frame(0).sketch
    for place in shot.frames.indices {
      try drawing.write(to: shot.frames[place].sketch)
      shot.frames[place].settings.fill = .flats
      shot.frames[place].settings.lines = .own
    }
    _ = try await run(shot)
    let alone = try bytes("out")
    // The same drawings are painted the same, so that there is nothing to agree on.
    #expect(try await shot.agree(on: shot.plan(for: model)).rewritten.isEmpty)
    #expect(try bytes("out") == alone)

    let map = try RegionMap(lineArt: drawing)
    let colors = map.regions.map { RGB(UInt8($0.id % 5 * 50), UInt8($0.id / 5 * 20), 90) }
    let ink = drawing.ink(polarity: .darkOnLight)
    // As it is mended by hand: under the lines, which are most of small regions.
    try Flats(map, paints: colors.map { Flats.Paint($0) }).image.overlaid(with: ink).write(to: folder.file("out/2.png"))
    shot.approved = [folder.file("out/2.png")]
    let approved = try bytes("out")[1]
    #expect(try await run(shot)["2"] == .approved)
    let agreement = try await shot.agree(on: shot.plan(for: model))
    #expect(agreement.rewritten.map(\.frame.label) == ["1", "3", "4"])
    let agreed = try bytes("out")
    #expect(agreed[1] == approved && agreed[0] == agreed[2] && agreed[0] == agreed[3] && agreed[0] != alone[0])
    let picture = try Image.load(shot.frames[0].output)
    for (pixel, label) in map.labels.enumerated() where ink.pixels[pixel * 4 + 3] == 0 {
      let own = picture.pixels[pixel * 3..<pixel * 3 + 3]
      let color = colors[Int(label)]
      #expect(Array(own) == [color.red, color.green, color.blue])
    }
    // It is done once, frames stay finished, and what is lost comes back the same.
    #expect(try await shot.agree(on: shot.plan(for: model)).rewritten.isEmpty)
    #expect(try shot.plan(for: model).entries.map(\.state) == [.finished, .approved, .finished, .finished])
    try FileManager.default.removeItem(atPath: folder.file("out/3.png"))
    #expect(try await run(shot)["3"] == .finished)
    #expect(try await shot.agree(on: shot.plan(for: model)).rewritten.map(\.frame.label) == ["3"])
    #expect(try bytes("out") == agreed)
  }

  @Test func hintsOfOneFrameReachTheSameDrawing() async throws {
    var shot = try shot()
    let drawing = try ProceduralShot(count: 4, size: 96, seed: 0).frame(0).sketch
    for place in shot.frames.indices {
      try drawing.write(to: shot.frames[place].sketch)
      shot.frames[place].settings.fill = .flats
      shot.frames[place].settings.lines = .none
    }
    let map = try RegionMap(lineArt: drawing)
    // A colour that the reference has not, on the largest region but one.
    let color = RGB(201, 77, 5)
    var pixels = [UInt8](repeating: 0, count: 96 * 96 * 4)
    for (pixel, label) in map.labels.enumerated() where label == 1 {
      pixels.replaceSubrange(pixel * 4..<pixel * 4 + 4, with: [color.red, color.green, color.blue, 255])
    }
    try Image(width: 96, height: 96, channels: 4, pixels: pixels).write(to: folder.file("strokes.png"))
    shot.frames[1].hints = folder.file("strokes.png")
    _ = try await run(shot)
    func marked(_ frame: Int) throws -> Set<RGB> {
      let picture = try Image.load(shot.frames[frame].output)
      return Set(
        map.labels.indices.filter { map.labels[$0] == 1 }.map {
          RGB(picture.pixels[$0 * 3], picture.pixels[$0 * 3 + 1], picture.pixels[$0 * 3 + 2])
        })
    }
    #expect(try marked(1) == [color])
    #expect(try !marked(0).contains(color) && !marked(3).contains(color))
    let agreement = try await shot.agree(on: shot.plan(for: model))
    #expect(agreement.rewritten.map(\.frame.label) == ["1", "3", "4"])
    for frame in 0..<4 { #expect(try marked(frame) == [color], "\(frame)") }
    // Other strokes are another frame.
    try Image(width: 96, height: 96, channels: 4, pixels: pixels.map { $0 == 77 ? 99 : $0 })
      .write(to: folder.file("strokes.png"))
    #expect(try shot.plan(for: model).entries.map(\.state) == [.finished, .changed, .finished, .finished])
  }

  @Test func theReportShowsWhatChanged() async throws {
    var shot = try shot()
    let drawing = try ProceduralShot(count: 4, size: 96, seed: 0).frame(0).sketch
    for frame in shot.frames { try drawing.write(to: frame.sketch) }
    _ = try await run(shot)
    let map = try RegionMap(lineArt: drawing)
    var paints = map.regions.map { _ in Flats.Paint(RGB(200, 180, 160)) }
    for frame in shot.frames {
      if frame.label == "3" { paints[1] = Flats.Paint(RGB(20, 90, 200)) }
      try Flats(map, paints: paints).image.write(to: frame.output)
    }
    shot.frames[3].problem = "it is <missing> & gone"
    let page = String(
      decoding: try shot.report(on: shot.plan(for: model), path: folder.file("out/report.html")), as: UTF8.self)
    #expect(page.contains("1 of them have another colour") || page.contains("; 1 of them"), "\(page.prefix(2000))")
    #expect(page.contains("#c8b4a0") && page.contains("#145ac8") && page.contains("href=\"3.png\""))
    #expect(page.contains("it is &lt;missing&gt; &amp; gone") && !page.contains("<script"))
  }

  @Test func animationsAndSheetsAreWhole() async throws {
    let shot = try shot([1, 2, 4])
    _ = try await run(shot)
    let strip = FilmStrip(shot.frames)
    let sheet = try strip.contactSheet(height: 28)
    #expect(sheet.width >= 40 && sheet.height >= 28 && Set(sheet.pixels).count > 8)
    try strip.writeAnimation(to: folder.file("cut.png"), rate: 12)
    // Other programs see the first picture.
    #expect(try Image.load(folder.file("cut.png")) == Image.load(shot.frames[0].output))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("cut.png")))
    var (types, delays, numbers) = ([String](), [Int](), [Int]())
    var place = 8
    func number(_ at: Int, _ count: Int) -> Int { data[at..<at + count].reduce(0) { $0 << 8 | Int($1) } }
    while place < data.count {
      let type = String(decoding: data[place + 4..<place + 8], as: UTF8.self)
      types.append(type)
      if type == "fcTL" { delays.append(number(place + 28, 2)) }
      if type == "fcTL" || type == "fdAT" { numbers.append(number(place + 8, 4)) }
      if type == "acTL" { #expect(number(place + 8, 4) == 3) }
      place += 12 + number(place, 4)
    }
    #expect(types.first == "IHDR" && types.last == "IEND" && types.count { $0 == "fcTL" } == 3)
    // The second stands for two frames, and twelve are a second.
    #expect(delays == [100, 200, 100] && numbers == Array(numbers.indices))
  }

  @Test func anotherModelIsAnotherResult() throws {
    let path = folder.file("other.safetensors")
    try TinyNetwork.write(to: path, withSplit: false)
    let other = Model(
      name: "tiny", weights: WeightSource(try SafetensorsFile(path: path)), configuration: TinyNetwork.configuration)
    #expect(try other.contentDigest() != model.contentDigest())
    var configuration = TinyNetwork.configuration
    configuration.prediction = configuration.prediction == .eps ? .v : .eps
    #expect(
      try Model(name: "tiny", weights: model.weights, configuration: configuration).contentDigest()
        != model.contentDigest())
  }
}
