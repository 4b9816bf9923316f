// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// Several references in one request, and attention injection, on a tiny network.
struct SeveralReferencesTests {
  private static let tiny = TinyModel()

  private func sketch() throws -> Image {
    try Image(
      width: 48, height: 32, channels: 1, pixels: (0..<48 * 32).map { ($0 / 48 + $0 % 48) % 9 == 0 ? 0 : 255 })
  }

  private func picture(_ seed: Int) throws -> Image {
    try Image(
      width: 30, height: 20, channels: 3, pixels: (0..<1800).map { UInt8(truncatingIfNeeded: $0 &* (seed + 7) &+ seed) }
    )
  }

  /// White in some columns of a hundred.
  private func columns(_ range: Range<Int>, _ width: Int = 48, _ height: Int = 32) throws -> Mask {
    try Mask(
      width: width, height: height,
      values: (0..<width * height).map { range.contains($0 % width * 100 / width) ? 1 : 0 })
  }

  private func request(_ mode: InferenceMode = .vanilla) throws -> ColorizeRequest {
    var request = ColorizeRequest(sketch: try sketch(), reference: try picture(1))
    request.mode = mode
    (request.steps, request.size) = (2, 96)
    if mode.needsSketchMask { request.sketchMask = try columns(0..<40) }
    if mode.needsBackground { request.referenceMask = try columns(0..<50, 30, 20) }
    return request
  }

  private func colorizer() async throws -> Colorizer {
    try await Colorizer(model: Self.tiny.model(), backend: CPUBackend())
  }

  // MARK: References

  @Test(arguments: InferenceMode.allCases) func theSameEverywhereIsOne(mode: InferenceMode) async throws {
    let colorizer = try await colorizer()
    var request = try request(mode)
    let one = try await colorizer.colorize(request).image
    request.furtherReferences = [
      PlacedReference(try picture(1), region: try columns(50..<100), mask: request.referenceMask)
    ]
    let two = try await colorizer.colorize(request).image
    // The rows of products are others; a step of 8 bits may be rounded the other way.
    #expect(zip(one.pixels, two.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test(arguments: InferenceMode.allCases) func encodedOnesGiveTheSamePicture(mode: InferenceMode) async throws {
    let colorizer = try await colorizer()
    var request = try request(mode)
    request.furtherReferences = [
      PlacedReference(try picture(2), region: try columns(50..<100)), PlacedReference(try picture(3)),
      PlacedReference(
        try picture(4), region: try columns(70..<80), mask: mode.needsBackground ? try columns(0..<30, 30, 20) : nil),
    ]
    let direct = try await colorizer.colorize(request).image
    #expect(Set(direct.pixels).count > 8)
    for index in request.furtherReferences.indices {
      let placed = request.furtherReferences[index]
      guard case .image(let image) = placed.reference else { continue }
      request.furtherReferences[index] = PlacedReference(
        .encoded(try await colorizer.encode(image, mask: placed.mask)), region: placed.region)
    }
    #expect(try await colorizer.colorize(request).image == direct)
    // Each is looked at.
    for index in request.furtherReferences.indices {
      var other = request
      other.furtherReferences[index].reference = .image(try picture(9))
      other.furtherReferences[index].mask = nil
      #expect(try await colorizer.colorize(other).image != direct, "\(index)")
    }
    var foreign = request
    foreign.furtherReferences[0].reference = .encoded(try await self.colorizer().encode(picture(2)))
    await #expect(throws: ColorizeError.foreignReference) { try await colorizer.colorize(foreign) }
  }

  /// In the way that low memory takes, with every branch of guidance, and several pictures.
  @Test func everyWayOfComputing() async throws {
    var request = try request(.full)
    request.furtherReferences = [PlacedReference(try picture(2), region: try columns(50..<100))]
    request.guidance.sketch = 1.5
    (request.count, request.merge) = (2, 0.25)
    let model = try Self.tiny.model()
    let normal = try await Colorizer(model: model, backend: CPUBackend())
    let both = try await normal.colorize(request).images
    let low = try await Colorizer(model: model, backend: CPUBackend(), memory: .low)
    #expect(try await low.colorize(request).images == both)
    request.seed = 1
    request.count = 1
    #expect(try await normal.colorize(request).image == both[1])
    #expect(try normal.memoryEstimate(for: request).peakBytes > 0)
  }

  @Test func theLaterRegionHasThePlace() async throws {
    let colorizer = try await colorizer()
    var request = try request()
    let all = try columns(0..<100)
    request.furtherReferences = [
      PlacedReference(try picture(2), region: all), PlacedReference(try picture(3), region: all),
    ]
    let covered = try await colorizer.colorize(request).image
    request.furtherReferences[0].reference = .image(try picture(4))
    request.reference = .image(try picture(5))
    #expect(try await colorizer.colorize(request).image == covered)
  }

  @Test func refusesWhatDoesNotGoTogether() throws {
    func expect(_ text: String, mode: InferenceMode = .vanilla, _ change: (inout ColorizeRequest) throws -> Void) throws
    {
      var request = try request(mode)
      try change(&request)
      let error = #expect(throws: ColorizeError.self) { try request.validate() }
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
    let whole = try columns(0..<100)
    try expect("the only reference has a region") { $0.referenceRegion = whole }
    try expect("there are further references and no first one") {
      $0.reference = .none
      $0.furtherReferences = [PlacedReference(try picture(2))]
    }
    try expect("reference 2 is none") { $0.furtherReferences = [PlacedReference(.none)] }
    try expect("there are 17 references, and at most 16 can be used") {
      $0.furtherReferences = try (0..<16).map { PlacedReference(try picture($0)) }
    }
    try expect("the region of reference 2 is 10 x 40, of another shape than the sketch") {
      $0.furtherReferences = [PlacedReference(try picture(2), region: try columns(0..<50, 10, 40))]
    }
    try expect("the region of reference 1 is empty") {
      $0.referenceRegion = try columns(0..<0)
      $0.furtherReferences = [PlacedReference(try picture(2))]
    }
    try expect("mode full needs the reference's mask", mode: .full) {
      $0.referenceMask = nil
      $0.furtherReferences = [PlacedReference(try picture(2))]
    }
    try expect("exclude each other", mode: .full) {
      $0.background = try picture(3)
      $0.furtherReferences = [PlacedReference(try picture(2), region: whole)]
    }
  }

  // MARK: Palettes

  private func plain(_ color: RGB) throws -> Image {
    try Image(
      width: 16, height: 16, channels: 3, pixels: (0..<256).flatMap { _ in [color.red, color.green, color.blue] })
  }

  /// Boxes left and right, each with the other one's colour painted in it.
  @Test func regionsTakeColorsOfTheirOwnReference() throws {
    let (red, blue) = (RGB(200, 30, 40), RGB(40, 60, 190))
    var lines = [UInt8](repeating: 255, count: 96 * 64)
    for y in 0..<64 {
      for x in 0..<96 where x % 47 < 2 || y % 62 < 2 { lines[y * 96 + x] = 0 }
    }
    let drawing = try Image(width: 96, height: 64, channels: 1, pixels: lines)
    var request = ColorizeRequest(sketch: drawing, reference: try plain(red))
    request.furtherReferences = [PlacedReference(try plain(blue), region: try columns(50..<100, 96, 64))]
    let colors = try #require(try request.flatColors())
    #expect(Set(colors.palette.entries.map(\.color)) == [red, blue])
    let painting = try Image(
      width: 96, height: 64, channels: 3,
      pixels: (0..<96 * 64).flatMap { place -> [UInt8] in
        let color = place % 96 < 48 ? blue : red
        return [color.red, color.green, color.blue]
      })
    let map = try RegionMap(lineArt: drawing)
    let options = FlatsOptions(palette: colors.palette)
    let flats = try Flats(map, painting: painting, options: options, sides: colors.sides)
    let free = try Flats(map, painting: painting, options: options)
    func color(_ flats: Flats, x: Int) -> RGB { flats.paints[Int(map.labels[30 * 96 + x])].color }
    #expect([24, 70].map { color(flats, x: $0) } == [red, blue])
    #expect([24, 70].map { color(free, x: $0) } == [blue, red])
  }

  // MARK: Injection

  @Test func injectionChangesThePicture() async throws {
    let colorizer = try await colorizer()
    for mode in [InferenceMode.vanilla, .full] {
      var request = try request(mode)
      let without = try await colorizer.colorize(request).image
      var seen: Set<[UInt8]> = [without.pixels]
      let variants = [
        AttentionInjection(), AttentionInjection(reference: 0), AttentionInjection(reference: 1),
        AttentionInjection(sketch: 1),
      ]
      for injection in variants {
        request.injection = injection
        let image = try await colorizer.colorize(request).image
        #expect(image.size == without.size && seen.insert(image.pixels).inserted, "\(injection)")
      }
    }
  }

  /// Each picture has its own noise, and all look at the same reference.
  @Test func anInjectedPictureDoesNotDependOnItsCompany() async throws {
    var request = try request(.full)
    request.injection = AttentionInjection(start: 0.1, sketch: 0.5)
    request.guidance.sketch = 1.5
    request.sampler = .heun
    request.count = 2
    let model = try Self.tiny.model()
    let normal = try await Colorizer(model: model, backend: CPUBackend())
    let both = try await normal.colorize(request).images
    let low = try await Colorizer(model: model, backend: CPUBackend(), memory: .low)
    #expect(try await low.colorize(request).images == both)
    request.reference = .encoded(try await normal.encode(picture(1), mask: columns(0..<50, 30, 20)))
    request.referenceMask = nil
    request.count = 1
    request.seed = 1
    #expect(try await normal.colorize(request).image == both[1])
  }

  /// Areas look at their own references: the same one in two areas is one in all.
  @Test(arguments: [InferenceMode.vanilla, .full]) func severalAreInjected(mode: InferenceMode) async throws {
    let colorizer = try await colorizer()
    var request = try request(mode)
    request.injection = AttentionInjection(sketch: 0.5)
    let one = try await colorizer.colorize(request).image
    request.furtherReferences = [
      PlacedReference(try picture(1), region: try columns(50..<100), mask: request.referenceMask)
    ]
    let two = try await colorizer.colorize(request).image
    // The second one's noise is its own.
    let far = zip(one.pixels, two.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(far > 0)
    request.furtherReferences[0].reference = .image(try picture(2))
    let other = try await colorizer.colorize(request).image
    #expect(other != two)
    let low = try await Colorizer(model: Self.tiny.model(), backend: CPUBackend(), memory: .low)
    #expect(try await low.colorize(request).image == other)
    request.furtherReferences[0].region = nil
    #expect(try await colorizer.colorize(request).image != other)
  }

  @Test func injectionIsCounted() async throws {
    let colorizer = try await colorizer()
    var request = try request()
    request.size = 512
    let without = try colorizer.memoryEstimate(for: request)
    request.injection = AttentionInjection(start: 1)
    let with = try colorizer.memoryEstimate(for: request)
    for stage in [ColorizeEvent.Stage.encodingReference, .sampling] {
      #expect(with.stageBytes[stage] ?? 0 > without.stageBytes[stage] ?? .max)
    }
    #expect(with.stageBytes[.decoding] ?? 0 >= without.stageBytes[.decoding] ?? .max)
  }

  @Test func injectionNeedsAReference() throws {
    var request = try request()
    request.reference = .none
    request.injection = AttentionInjection()
    let error = #expect(throws: ColorizeError.self) { try request.validate() }
    #expect(error?.description == "attention injection is on, expected a reference to inject")
    request = try self.request()
    request.injection = AttentionInjection(reference: 1.5)
    let other = #expect(throws: ColorizeError.self) { try request.validate() }
    #expect(other?.description == "reference fidelity of injection is 1.5, expected 0.0 to 1.0")
  }
}
