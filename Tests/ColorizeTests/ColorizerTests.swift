// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing
import TestSupport

/// The whole API on a tiny network with weights made from their keys.
struct ColorizerTests {
  private static let tiny = TinyModel()

  private func sketch(_ width: Int = 40, _ height: Int = 28) throws -> Image {
    try Image(
      width: width, height: height, channels: 1,
      pixels: (0..<width * height).map { ($0 / width + $0 % width) % 9 == 0 ? 0 : 255 })
  }

  private func reference(_ seed: Int = 0) throws -> Image {
    try Image(width: 30, height: 20, channels: 3, pixels: (0..<1800).map { UInt8(truncatingIfNeeded: $0 * 7 + seed) })
  }

  private func mask(_ width: Int, _ height: Int) throws -> Mask {
    try Mask(width: width, height: height, values: (0..<width * height).map { $0 % width < width / 2 ? 1 : 0 })
  }

  private func request(_ mode: InferenceMode = .vanilla, steps: Int = 2) throws -> ColorizeRequest {
    var request = ColorizeRequest(sketch: try sketch(), reference: try reference())
    request.mode = mode
    request.steps = steps
    request.size = 64
    if mode.needsSketchMask { request.sketchMask = try mask(40, 28) }
    if mode.needsBackground { request.referenceMask = try mask(30, 20) }
    return request
  }

  private func colorizer(threads: Int? = nil) async throws -> Colorizer {
    try await Colorizer(model: Self.tiny.model(), backend: CPUBackend(threads: threads))
  }

  @Test(arguments: InferenceMode.allCases) func everyModeGivesAPictureOfTheSketchsSize(mode: InferenceMode) async throws
  {
    let result = try await colorizer().colorize(request(mode))
    #expect(result.image.width == 40 && result.image.height == 28 && result.image.channels == 3)
    #expect(Set(result.image.pixels).count > 8, "a flat picture")
    #expect(result.summary.width == 64 && result.summary.height == 45)
  }

  @Test func sameRequestSameBytesWhateverTheThreads() async throws {
    let one = try await colorizer(threads: 1).colorize(request(.full))
    let three = try await colorizer(threads: 3).colorize(request(.full))
    #expect(one.image == three.image)
    var other = try request(.full)
    other.seed = 1
    #expect(try await colorizer().colorize(other).image != one.image)
  }

  @Test func aPictureDoesNotDependOnItsCompany() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full)
    request.sampler = .eulerAncestral
    request.guidance.sketch = 1.5
    request.count = 2
    let both = try await colorizer.colorize(request)
    request.count = 1
    request.seed = 1
    let second = try await colorizer.colorize(request)
    #expect(both.images.count == 2 && both.summary.seeds == [0, 1])
    #expect(both.images[1] == second.image)
  }

  @Test func anEncodedReferenceGivesTheSamePicture() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full)
    let direct = try await colorizer.colorize(request)
    request.reference = .encoded(try await colorizer.encode(reference(), mask: mask(30, 20)))
    request.referenceMask = nil
    #expect(try await colorizer.colorize(request).image == direct.image)

    let other = try await self.colorizer()
    await #expect(throws: ColorizeError.foreignReference) { try await other.colorize(request) }
    request.reference = .encoded(try await colorizer.encode(reference()))
    await #expect(throws: ColorizeError.self) { try await colorizer.colorize(request) }
  }

  /// One way to encode a reference, whether it is done ahead or by the run.
  @Test func anEncodedReferenceKeepsItsThresholdAndTakesAPicture() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full)
    request.referenceThreshold = 0.9
    let direct = try await colorizer.colorize(request).image
    request.referenceMask = nil
    let encoded = try await colorizer.encode(reference(), mask: mask(30, 20), threshold: 0.9)
    request.reference = .encoded(encoded)
    for threshold: Float in [0.9, 0.5] {
      request.referenceThreshold = threshold
      #expect(try await colorizer.colorize(request).image == direct)
    }
    // A picture for the background stands in for the one that was encoded.
    let other = try reference(99)
    request.referenceThreshold = 0.7
    request.background = other
    let pictured = try await colorizer.colorize(request).image
    request.reference = .image(try reference())
    #expect(try await colorizer.colorize(request).image == pictured && pictured != direct)
    request.background = nil
    request.reference = .encoded(try await colorizer.encode(reference(), background: other, threshold: 0.7))
    #expect(try await colorizer.colorize(request).image == pictured)
  }

  @Test func nothingThatIsGivenIsIgnored() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full)
    let (mask, other) = (try mask(30, 20), try reference(99))
    request.reference = .encoded(try await colorizer.encode(reference(), mask: mask))
    #expect(throws: ColorizeError.contradictoryInputs(.referenceMask, .encodedBackground)) { try request.validate() }
    request.background = other
    #expect(throws: ColorizeError.contradictoryInputs(.referenceMask, .background)) { try request.validate() }
    request.background = nil
    request.referenceMask = nil
    request.referenceThreshold = 0.25
    #expect(
      throws: ColorizeError.invalidOption(
        .referenceThreshold, value: "0.25",
        expected: "0.5, which the reference was encoded with; encode it again for "
          + "another")
    ) { try request.validate() }
    // Vanilla mode looks at none of them.
    request.mode = .vanilla
    request.referenceMask = mask
    try request.validate()

    await #expect(throws: ColorizeError.contradictoryInputs(.referenceMask, .background)) {
      try await colorizer.encode(reference(), mask: mask, background: other)
    }
    let wide = try self.mask(30, 10)
    await #expect(throws: ColorizeError.mismatchedMask(.referenceMask, size: wide.size, picture: other.size)) {
      try await colorizer.encode(reference(), mask: wide)
    }
    await #expect(throws: ColorizeError.invalidOption(.referenceThreshold, value: "2.0", expected: "0.0 to 1.0")) {
      try await colorizer.encode(reference(), threshold: 2)
    }
  }

  @Test func everyOptionChangesThePicture() async throws {
    let colorizer = try await colorizer()
    let base = try request(.full, steps: 4)
    let plain = try await colorizer.colorize(base).image
    let changes: [(String, (inout ColorizeRequest) throws -> Void)] = [
      ("seed", { $0.seed = 9 }), ("steps", { $0.steps = 3 }), ("sampler", { $0.sampler = .ddim }),
      ("schedule", { $0.schedule = .exponential }), ("noise", { $0.noise = .philox }),
      ("guidance", { $0.guidance.reference = 2 }), ("sketch guidance", { $0.guidance.sketch = 2 }),
      ("interval", { $0.guidance.interval = 0.5...1 }), ("strength", { $0.referenceStrength = .uniform(0.5) }),
      ("level", { $0.referenceStrength = .levels([.high: 0.2]) }), ("foreground", { $0.foregroundStrength = 0.3 }),
      ("background", { $0.backgroundStrength = 0.3 }), ("sketch strength", { $0.sketchStrength = 0.5 }),
      ("merge", { $0.merge = 0.5 }), ("sketch threshold", { $0.sketchThreshold = 0.9 }),
      ("reference threshold", { $0.referenceThreshold = 0.9 }), ("layout", { $0.contextLayout = .published }),
      ("polarity", { $0.polarity = .lightOnDark }), ("size", { $0.size = 96 }), ("mode", { $0.mode = .background }),
      ("reference", { $0.reference = .image(try self.reference(40)) }),
      (
        "background picture",
        {
          $0.referenceMask = nil
          $0.background = try self.reference(99)
        }
      ),
    ]
    for (name, change) in changes {
      var request = base
      try change(&request)
      #expect(try await colorizer.colorize(request).image != plain, "\(name) has no effect")
    }
  }

  @Test(arguments: [(1, 1), (1, 97), (97, 1), (64, 64), (33, 65), (200, 3)])
  func anySizeAndAspect(width: Int, height: Int) async throws {
    var request = ColorizeRequest(sketch: try sketch(width, height), reference: try reference())
    request.steps = 1
    let image = try await colorizer().colorize(request).image
    #expect(image.width == width && image.height == height)
    request.frame = .working
    request.size = 64
    let working = try await colorizer().colorize(request).image
    #expect(max(working.width, working.height) == 64)
  }

  @Test func noReferenceAtAll() async throws {
    let colorizer = try await colorizer()
    var request = try request()
    request.reference = .none
    let without = try await colorizer.colorize(request).image
    #expect(try await colorizer.colorize(self.request()).image != without)
  }

  @Test func eventsTellEveryStageAndStep() async throws {
    var request = try request(.full, steps: 4)
    request.previewInterval = 2
    request.fill = .flats
    var stages: [ColorizeEvent.Stage] = []
    var steps: [Int] = []
    var previews: [Int] = []
    var result: ColorizeResult?
    for try await event in try await colorizer().events(for: request) {
      switch event {
      case .stage(let stage): stages.append(stage)
      case .note: #expect(stages.isEmpty)
      case .step(let completed, let total):
        #expect(total == 4)
        steps.append(completed)
      case .preview(let completed, let image):
        previews.append(completed)
        #expect(image.width == 40 && image.height == 28)
      case .picture(let index, let picture, let summary):
        #expect(index == 0 && picture.image.width > 0 && summary.seeds.count == 1)
      case .tile: Issue.record("so small a picture is decoded whole")
      case .finished(let finished): result = finished
      }
    }
    #expect(stages == ColorizeEvent.Stage.allCases)
    #expect(steps == [1, 2, 3, 4])
    #expect(previews == [2])
    #expect(result?.image.width == 40)
  }

  @Test func lowMemoryUseGivesTheSamePicture() async throws {
    var request = try request(.full)
    request.guidance.sketch = 1.5
    request.guidance.reference = 2
    request.previewInterval = 1
    let expected = try await colorizer().colorize(request)
    let frugal = try await Colorizer(model: Self.tiny.model(), backend: CPUBackend(), memory: .low)
    for _ in 0..<2 { #expect(try await frugal.colorize(request).image == expected.image) }
    request.reference = .encoded(try await frugal.encode(reference(), mask: mask(30, 20)))
    request.referenceMask = nil
    #expect(try await frugal.colorize(request).image == expected.image)
  }

  @Test(arguments: MemoryUse.allCases) func weightsThatWereReleasedAreReadAgain(memory: MemoryUse) async throws {
    let backend = try CPUBackend()
    let colorizer = try await Colorizer(model: Self.tiny.model(), backend: backend, memory: memory)
    var request = try request(.full)
    let expected = try await colorizer.colorize(request).image
    let loaded = backend.memoryAccount.liveByteCount
    request.reference = .encoded(try await colorizer.encode(reference(), mask: mask(30, 20)))
    request.referenceMask = nil
    for _ in 0..<2 {
      try await colorizer.releaseWeights()
      let released = backend.memoryAccount.liveByteCount
      #expect(memory == .low || released < loaded / 2, "\(released) of \(loaded)")
      #expect(try await colorizer.colorize(request).image == expected)
    }
    try await colorizer.releaseWeights()
    _ = try await colorizer.encode(reference())
    let estimate = try colorizer.memoryEstimate(for: request)
    #expect(estimate == (try colorizer.model.memoryEstimate(for: request, backend: backend, memory: memory)))
  }

  @Test func releasingWaitsForItsTurn() async throws {
    let colorizer = try await colorizer()
    let long = try request(.full, steps: 1000)
    let steps = StepCounter()
    steps.hold()
    let running = Task {
      try await colorizer.colorize(long) { if case .step(let completed, _) = $0 { steps.pass(completed) } }
    }
    while steps.completed == 0 { try await Task.sleep(for: .milliseconds(1)) }
    let release = Task { try await colorizer.releaseWeights() }
    release.cancel()
    await #expect(throws: CancellationError.self) { try await release.value }
    running.cancel()
    steps.release()
    await #expect(throws: CancellationError.self) { try await running.value }
    try await colorizer.releaseWeights()
  }

  @Test func loadingTellsItsProgressAndCanBeCancelled() async throws {
    let shares = Locked<[Double]>([])
    _ = try await Colorizer(model: Self.tiny.model(), backend: CPUBackend()) { share in
      shares.mutate { $0.append(share) }
    }
    #expect(shares.value.last == 1 && shares.value == shares.value.sorted())

    let (steps, isCancelled) = (StepCounter(), Locked(false))
    let model = try Self.tiny.model()
    let task = Task {
      try await Colorizer(model: model, backend: CPUBackend()) { _ in
        steps.completed += 1
        while !isCancelled.value { usleep(1000) }
      }
    }
    while steps.completed == 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    isCancelled.mutate { $0 = true }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.completed == 1)
  }

  @Test func aRequestThatWaitsIsCancelledAtOnce() async throws {
    let colorizer = try await colorizer()
    let long = try request(.full, steps: 1000)
    let steps = StepCounter()
    steps.hold()
    let first = Task {
      try await colorizer.colorize(long) { if case .step(let completed, _) = $0 { steps.pass(completed) } }
    }
    while steps.completed == 0 { try await Task.sleep(for: .milliseconds(1)) }
    let second = Task { try await colorizer.colorize(long) }
    let third = Task { try await colorizer.colorize(self.request()) }
    try await Task.sleep(for: .milliseconds(5))
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(steps.completed < 1000, "the first was waited for")
    first.cancel()
    steps.release()
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(try await third.value.image.width == 40)
    // Cancelled before it waits at all.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await colorizer.colorize(long)
    }
    await #expect(throws: CancellationError.self) { try await late.value }
  }

  @Test func whatCannotBeDoneIsToldBeforeAnyWork() async throws {
    let colorizer = try await colorizer()
    let long = try self.request(.full, steps: 1000)
    let steps = StepCounter()
    steps.hold()
    let running = Task {
      try await colorizer.colorize(long) { if case .step(let completed, _) = $0 { steps.pass(completed) } }
    }
    while steps.completed == 0 { try await Task.sleep(for: .milliseconds(1)) }
    // The network has more blocks than that: only the model knows.
    var request = try self.request()
    request.referenceStrength = .blocks([1])
    #expect(throws: ColorizeError.self) { try colorizer.model.validate(request) }
    try request.validate()
    let wrong = request
    await #expect(throws: ColorizeError.self) {
      try await colorizer.colorize(wrong) { _ in Issue.record("work was done") }
    }
    #expect(steps.completed < 1000, "the one before was waited for")
    running.cancel()
    steps.release()
    await #expect(throws: CancellationError.self) { try await running.value }
  }

  /// The summary's settings make each picture again, with nothing of the request but its pictures.
  @Test func aSummaryIsEnoughToMakeThePictureAgain() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full, steps: 3)
    request.count = 2
    request.seed = 5
    request.sampler = .eulerAncestral
    request.guidance.interval = 0...0.75
    request.merge = 0.25
    request.referenceStrength = .levels([.high: 0.5], others: 0.75)
    request.sketchThreshold = 0.5
    request.contextLayout = .published
    request.frame = .working
    let first = try await colorizer.colorize(request)
    #expect(first.summary.schedule == .normal && first.summary.steps == 3 && first.summary.settings == request.settings)
    let saved = try JSONEncoder().encode(first.summary)
    let summary = try JSONDecoder().decode(ColorizeResult.Summary.self, from: saved)
    #expect(summary == first.summary)
    for index in 0..<2 {
      request.settings = summary.settings(ofPicture: index)
      #expect(try await colorizer.colorize(request).image == first.images[index])
    }
    request.sampler = .ddim
    request.schedule = .karras
    #expect(try await colorizer.colorize(request).summary.schedule == nil)
  }

  @Test func tilesAreReportedAndToldInTheSummary() async throws {
    let colorizer = try await colorizer()
    var request = try request(.full, steps: 1)
    request.count = 2
    #expect(try await colorizer.colorize(request).summary.vaeTile == nil)
    request.size = 256
    request.vaeTiling = .pixels(128)
    let tiles = StepCounter()
    let result = try await colorizer.colorize(request) { event in
      if case .tile(let completed, let total) = event {
        #expect(completed >= tiles.completed && total % 2 == 0)
        tiles.completed = completed
      }
    }
    #expect(result.summary.vaeTile == 128 && tiles.completed > 4)
    request.vaeTiling = .off
    let whole = try await colorizer.colorize(request)
    #expect(whole.summary.vaeTile == nil && whole.image != result.image)
  }

  @Test func cancellationEndsTheDecodingWithinATile() async throws {
    let colorizer = try await colorizer()
    var request = try request(steps: 1)
    request.size = 1024
    request.vaeTiling = .pixels(128)
    let tiles = StepCounter()
    let task = Task { [request] in
      try await colorizer.colorize(request) { event in
        guard case .tile(let completed, _) = event else { return }
        tiles.completed = completed
        if completed == 2 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(tiles.completed == 2)
  }

  @Test func cancellationEndsARunWithinAStep() async throws {
    let colorizer = try await colorizer()
    let request = try request(.full, steps: 1000)
    let steps = StepCounter()
    // The run cancels itself: a second task may wait for a thread until all steps are done.
    let task = Task { [request] in
      try await colorizer.colorize(request) { event in
        guard case .step(let completed, _) = event else { return }
        steps.completed = completed
        if completed == 2 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.completed == 2)
    // The colorizer is as good as new.
    #expect(try await colorizer.colorize(self.request()).image.width == 40)
  }

  @Test func leavingTheEventsCancels() async throws {
    let colorizer = try await colorizer()
    for try await event in colorizer.events(for: try request(.full, steps: 1000)) {
      if case .step = event { break }
    }
    // Would wait for a thousand steps otherwise.
    #expect(try await colorizer.colorize(request()).image.width == 40)
  }

  @Test func nonFiniteLatentsNameTheStep() async throws {
    let colorizer = try await Colorizer(model: Self.tiny.model(poisoned: true), backend: CPUBackend())
    await #expect(throws: ColorizeError.nonFinite(step: 1, of: 2)) { try await colorizer.colorize(request()) }
  }

  @Test func aVanillaOnlyModelSaysSo() async throws {
    let colorizer = try await Colorizer(model: Self.tiny.model(withSplit: false), backend: CPUBackend())
    #expect(!colorizer.supports(.full) && colorizer.supports(.vanilla))
    #expect(try await colorizer.colorize(self.request()).image.width == 40)
    let error = await #expect(throws: ColorizeError.self) { try await colorizer.colorize(self.request(.foreground)) }
    #expect(
      error?.description == "model tiny holds no weights for mode foreground: it has neither low-rank branches nor a "
        + "recovery transformer; use mode vanilla")
    // Before any other complaint, and before anything is done.
    let unsupported = ColorizeError.unsupportedMode(mode: .background, model: "tiny")
    var request = try self.request(.background)
    request.referenceMask = nil
    request.steps = 0
    let wrong = request
    await #expect(throws: unsupported) { try await colorizer.colorize(wrong) }
    #expect(throws: unsupported) { try colorizer.model.memoryEstimate(for: wrong, backend: colorizer.backend) }
    for (mask, background) in [(try mask(30, 20), nil), (nil, try reference(1))] {
      await #expect(throws: ColorizeError.unsupportedMode(mode: .full, model: "tiny")) {
        try await colorizer.encode(reference(), mask: mask, background: background)
      }
    }
    request = try self.request()
    request.reference = .encoded(try await colorizer.encode(reference()))
    #expect(try await colorizer.colorize(request).image.width == 40)
  }

  @Test func aModelTellsItsModesBeforeItIsLoaded() throws {
    let (whole, vanilla) = (try Self.tiny.model(), try Self.tiny.model(withSplit: false))
    #expect(InferenceMode.allCases.filter(whole.supports) == InferenceMode.allCases)
    #expect(InferenceMode.allCases.filter(vanilla.supports) == [.vanilla])
  }
}
