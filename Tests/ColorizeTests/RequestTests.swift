// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// What a request refuses, and with which words.
struct RequestTests {
  private func picture(_ width: Int = 16, _ height: Int = 16) throws -> Image {
    try Image(width: width, height: height, color: [200, 100, 50])
  }

  private func expectError(_ text: String, _ change: (inout ColorizeRequest) throws -> Void) throws {
    var request = ColorizeRequest(sketch: try picture(), reference: try picture())
    try change(&request)
    let error = #expect(throws: ColorizeError.self) { try request.validate() }
    #expect(error?.description == text)
  }

  @Test func acceptsDefaults() throws {
    try ColorizeRequest(sketch: picture(), reference: picture()).validate()
  }

  @Test func refusesNumbersOutOfRange() throws {
    try expectError("size is 63, expected 64 to 4096") { $0.size = 63 }
    try expectError("vae tile is 64, expected 128 to 4096") { $0.vaeTiling = .pixels(64) }
    try expectError("batching rows is 0, expected 1 to 192") { $0.batching = .rows(0) }
    try expectError("count is 0, expected 1 to 64") { $0.count = 0 }
    try expectError("steps is 0, expected 1 to 1000") { $0.steps = 0 }
    try expectError("steps is \(Int.max), expected 1 to 1000") { $0.steps = .max }
    try expectError("reference guidance is -1.0, expected 0.0 to 100.0") { $0.guidance.reference = -1 }
    try expectError("reference guidance is nan, expected 0.0 to 100.0") { $0.guidance.reference = .nan }
    try expectError("sketch guidance is inf, expected 0.0 to 100.0") { $0.guidance.sketch = .infinity }
    try expectError("foreground strength is 11.0, expected 0.0 to 10.0") { $0.foregroundStrength = 11 }
    try expectError("background strength is -0.5, expected 0.0 to 10.0") { $0.backgroundStrength = -0.5 }
    try expectError("sketch strength is nan, expected 0.0 to 10.0") { $0.sketchStrength = .nan }
    try expectError("merge is 1.5, expected 0.0 to 1.0") { $0.merge = 1.5 }
    try expectError("sketch threshold is 2.0, expected 0.0 to 1.0") { $0.sketchThreshold = 2 }
    try expectError("reference threshold is -1.0, expected 0.0 to 1.0") { $0.referenceThreshold = -1 }
    try expectError("preview interval is 0, expected 1 to 1000") { $0.previewInterval = 0 }
    try expectError("guidance interval is -0.5 to 1.0, expected a part of 0 to 1") { $0.guidance.interval = -0.5...1 }
    try expectError("excluded guidance interval is 0.5 to inf, expected a part of 0 to 1") {
      $0.guidance.excluded = 0.5...(.infinity)
    }
    try expectError("reference strength is nan, expected 0.0 to 10.0") { $0.referenceStrength = .uniform(.nan) }
    try expectError("reference strength is 11.0, expected 0.0 to 10.0") { $0.referenceStrength = .levels([.low: 11]) }
    try expectError("reference strength is -1.0, expected 0.0 to 10.0") { $0.referenceStrength = .blocks([1, -1]) }
  }

  @Test func refusesMasksOfAnotherShape() throws {
    let mask = Mask(try picture(64, 32))
    try expectError(
      "the sketch's mask is 64 x 32, of another shape than its picture, which is 16 x 16; give a mask of the whole "
        + "picture"
    ) {
      $0.mode = .foreground
      $0.sketchMask = mask
    }
    try expectError(
      "the reference's mask is 64 x 32, of another shape than its picture, which is 16 x 16; give a mask of the whole "
        + "picture"
    ) {
      $0.mode = .full
      $0.sketchMask = Mask(try picture(8, 8))
      $0.referenceMask = mask
    }
    var request = ColorizeRequest(sketch: try picture(), reference: try picture())
    request.sketchMask = mask
    request.referenceMask = mask
    request.background = try picture()
    // A program may change the mode and leave the masks where they are.
    try request.validate()
  }

  /// A mask at another scale is as good, with what rounding costs it.
  @Test(arguments: [
    (1000, 700, 1000, 700, true), (1000, 700, 500, 350, true), (1000, 700, 100, 69, true), (1000, 700, 33, 23, true),
    (1000, 700, 4000, 2820, true), (1000, 700, 4000, 2840, false), (1000, 700, 700, 1000, false),
    (1000, 700, 1000, 680, false), (1000, 109, 100, 10, true), (1000, 88, 100, 10, false), (1, 1, 1, 1, true),
    (3, 16_000, 1, 5000, true), (16_000, 3, 3, 3, false),
  ])
  func masksMayBeScaled(width: Int, height: Int, maskWidth: Int, maskHeight: Int, fits: Bool) throws {
    var request = ColorizeRequest(sketch: try picture(width, height), reference: try picture())
    request.mode = .foreground
    request.sketchMask = Mask(try picture(maskWidth, maskHeight))
    if fits {
      try request.validate()
    } else {
      let size = ImageSize(width: maskWidth, height: maskHeight)
      let picture = ImageSize(width: width, height: height)
      #expect(throws: ColorizeError.mismatchedMask(.sketchMask, size: size, picture: picture)) {
        try request.validate()
      }
    }
  }

  /// What a program needs to find its control for what is wrong.
  @Test func errorsNameTheProperty() throws {
    var request = ColorizeRequest(sketch: try picture(), reference: try picture())
    request.guidance.sketch = -1
    #expect(
      throws: ColorizeError.invalidOption(.guidanceSketch, value: "-1.0", expected: "0.0 to 100.0")
    ) { try request.validate() }
    request.guidance.sketch = 1
    request.mode = .full
    #expect(throws: ColorizeError.missingInput(.sketchMask, mode: .full)) { try request.validate() }
    #expect(throws: ColorizeError.invalidOption(.preset, value: "v9", expected: "v1.5")) {
      try Model.preset(named: "v9")
    }
    #expect(Set(ColorizeError.Option.allCases.map(\.description)).count == ColorizeError.Option.allCases.count)
  }

  /// Each picture's seed must be one that the generator takes; others take all of 64 bits, and begin anew after the last.
  @Test func refusesSeedsThatTheGeneratorDoesNotTake() throws {
    let text = "with NumPy's generator, whose seeds have 32 bits"
    try expectError("seed is 4294967296, expected 0 to 4294967295 \(text)") {
      $0.noise = .numpy
      $0.seed = 1 << 32
    }
    try expectError("seed is 4294967295, expected 0 to 4294967292 \(text)") {
      $0.noise = .numpy
      $0.count = 4
      $0.seed = UInt64(UInt32.max)
    }
    var request = ColorizeRequest(sketch: try picture(), reference: try picture())
    request.seed = .max
    request.count = 2
    try request.validate()
    request.noise = .numpy
    request.seed = UInt64(UInt32.max) - 1
    try request.validate()
  }

  @Test func saysWhichInputAModeNeeds() throws {
    let mask = Mask(try picture())
    try expectError(
      "mode foreground needs the sketch's mask: sketchMask, white where the figure is; Mask(alphaOf:) makes one from a "
        + "cut-out"
    ) { $0.mode = .foreground }
    try expectError(
      "mode full needs the reference's mask or a background picture: referenceMask, white where its figure is, or "
        + "background"
    ) {
      $0.mode = .full
      $0.sketchMask = mask
    }
    try expectError("mode background needs a reference") {
      $0.mode = .background
      $0.sketchMask = mask
      $0.reference = .none
    }
    try expectError(
      "the reference's mask and the background picture exclude each other, since the background comes from one of "
        + "them; give one"
    ) {
      $0.mode = .full
      $0.sketchMask = mask
      $0.referenceMask = mask
      $0.background = try picture()
    }
  }

  @Test func aModelWithoutSketchEncoderIsRefused() throws {
    var blind = ModelConfiguration.v1_5
    blind.sketchEncoder = nil
    let model = Model(name: "blind", weights: WeightSource(), configuration: blind)
    let request = ColorizeRequest(sketch: try picture(), reference: try picture())
    let error = #expect(throws: ColorizeError.self) { try model.validate(request) }
    #expect(
      error?.description
        == "model blind: it has no sketch encoder, through which a colorizer sees its drawing")
  }

  /// What a sampler would refuse in the middle of the run is refused before it.
  @Test(arguments: SamplerRegistry().samplers) func stepsFitTheModelsTimesteps(sampler: Sampler) throws {
    var short = ModelConfiguration.v1_5
    short.timesteps = 50
    var request = ColorizeRequest(sketch: try picture(), reference: try picture())
    request.sampler = sampler
    for (configuration, least) in [(ModelConfiguration.v1_5, 998), (short, 48)] {
      let model = Model(name: "model", weights: WeightSource(), configuration: configuration)
      request.steps = least
      try model.validate(request)
      request.steps = configuration.timesteps
      let isBound = [Sampler.ddim, .dpmSolver, .lmsDiffusers, .pndm].contains(sampler)
      #expect((try? model.validate(request)) == nil ? isBound : !isBound)
    }
    request.sampler = .dpmSolver
    request.steps = 999
    let published = Model(name: "model", weights: WeightSource(), configuration: .v1_5)
    #expect(
      throws: ColorizeError.invalidOption(
        .steps, value: "999", expected: "1 to 998 with dpm_solver and this model")
    ) { try published.validate(request) }
  }

  @Test func strengthsByLevelFollowTheGroupsOfThePublishedNetwork() throws {
    let unet = ModelConfiguration.v1_5.unet
    #expect(unet.transformerBlockCount == 16)
    #expect(AttentionControl.Level.encoder.blocks(of: unet) == [0, 1, 2, 3, 4, 5])
    #expect(AttentionControl.Level.low.blocks(of: unet) == [4, 5, 7, 8, 9])
    #expect(AttentionControl.Level.middle.blocks(of: unet) == [2, 3, 10, 11, 12])
    #expect(AttentionControl.Level.high.blocks(of: unet) == [0, 1, 13, 14, 15])
    #expect(AttentionControl.Level.bottom.blocks(of: unet) == [6])
    // As recorded from the published code with these three levels.
    let scales = try ReferenceStrength.levels([.encoder: 0.9, .middle: 0.8, .low: 0.7]).scales(for: unet)
    #expect(scales == [0.9, 0.9, 0.8, 0.8, 0.7, 0.7, 1, 0.7, 0.7, 0.7, 0.8, 0.8, 0.8, 1, 1, 1])
    let error = #expect(throws: ColorizeError.self) { try ReferenceStrength.blocks([1, 1]).scales(for: unet) }
    #expect(
      error?.description == "reference strength is 2 factors, expected 16, one for each transformer block")
  }
}
