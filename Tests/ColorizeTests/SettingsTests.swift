// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Testing

/// Settings as a program keeps them.
struct SettingsTests {
  private func decode(_ json: String) throws -> ColorizeSettings {
    try JSONDecoder().decode(ColorizeSettings.self, from: Data(json.utf8))
  }

  /// Every property with a value that is not its default.
  private var unusual: ColorizeSettings {
    var settings = ColorizeSettings(sampling: SamplingDefaults(steps: 7, sampler: .heun, guidance: 2.5))
    settings.polarity = .lightOnDark
    settings.preparation = .asIs
    settings.mode = .full
    settings.size = 320
    settings.frame = .working
    settings.vaeTiling = .pixels(256)
    settings.batching = .rows(2)
    settings.count = 3
    settings.seed = 41
    settings.noise = .philox
    settings.schedule = .exponential
    settings.guidance.sketch = 1.5
    settings.guidance.interval = 0.25...0.75
    settings.guidance.excluded = 0.5...0.625
    settings.injection = AttentionInjection(start: 0.25, reference: 0.75, sketch: 0.5)
    settings.manipulation = ReferenceManipulation([.init(target: "blue hair", anchor: "hair", scale: 5)])
    settings.hintStrength = 0.25
    settings.referenceStrength = .levels([.low: 0.5, .bottom: 2], others: 0.75)
    settings.foregroundStrength = 0.5
    settings.backgroundStrength = 0.25
    settings.sketchStrength = 0.875
    settings.merge = 0.125
    settings.sketchThreshold = 0.375
    settings.referenceThreshold = 0.625
    settings.contextLayout = .published
    settings.maskShaping = MaskShaping(threshold: 0.25, grow: -2, feather: 1.5)
    settings.checksMemory = false
    settings.previewInterval = 4
    settings.fill = .flats
    settings.lines = .own
    settings.flats.maximumColors = 9
    settings.flats.maximumGap = 2.5
    settings.flats.alignment = .none
    settings.guides = .default
    settings.makesFlats = true
    return settings
  }

  @Test func comeBackAsTheyWereSaved() throws {
    var all = [ColorizeSettings(), unusual]
    all.append(
      contentsOf: [ReferenceStrength.uniform(0.5), .blocks([1, 0.5]), .levels([:])].map { strength in
        var settings = ColorizeSettings()
        settings.referenceStrength = strength
        return settings
      })
    all.append(
      contentsOf: [VAETiling.off, .automatic].map { tiling in
        var settings = ColorizeSettings()
        settings.vaeTiling = tiling
        settings.batching = .whole
        return settings
      })
    for settings in all {
      let data = try JSONEncoder().encode(settings)
      #expect(try JSONDecoder().decode(ColorizeSettings.self, from: data) == settings)
    }
    // A property that is forgotten here, or where they are decoded, keeps its default.
    let (saved, plain) = (Mirror(reflecting: unusual), Mirror(reflecting: ColorizeSettings()))
    for (one, other) in zip(saved.children, plain.children) {
      #expect("\(one.value)" != "\(other.value)", "\(one.label ?? "") is as by default")
    }
  }

  @Test func whatIsMissingIsAsByDefault() throws {
    #expect(try decode("{}") == ColorizeSettings())
    var expected = ColorizeSettings()
    expected.seed = 7
    expected.guidance.sketch = 2
    expected.guidance.reference = 1
    #expect(try decode(#"{"seed": 7, "guidance": {"sketch": 2}, "comment": "mine"}"#) == expected)
  }

  @Test(arguments: [
    (#"{"sampler": "best"}"#, "sampler"), (#"{"mode": 3}"#, "mode"), (#"{"steps": 0}"#, "steps"),
    (#"{"guidance": {"reference": 101}}"#, "guidance.reference"),
    (#"{"guidance": {"interval": [0, 2]}}"#, "guidance.interval"), (#"{"vaeTiling": "on"}"#, "vaeTiling"),
    (#"{"vaeTiling": 5}"#, "vaeTiling"), (#"{"batching": "some"}"#, "batching"),
    (#"{"referenceStrength": {"lowest": 1}}"#, "referenceStrength"),
    (#"{"referenceStrength": 11}"#, "referenceStrength"),
    (#"{"noise": "numpy", "seed": 4294967296}"#, "seed"),
  ])
  func whatIsWrongIsNamed(json: String, path: String) throws {
    do {
      _ = try decode(json)
      Issue.record("\(json) was decoded")
    } catch DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context) {
      #expect(context.codingPath.map(\.stringValue).joined(separator: ".") == path)
      #expect(!context.debugDescription.isEmpty)
    }
  }

  @Test func areThoseOfTheRequest() throws {
    let picture = try Image(width: 8, height: 8, color: [9])
    var request = ColorizeRequest(sketch: picture, reference: .image(picture), settings: unusual)
    #expect(request.seed == 41 && request.settings == unusual)
    request.seed = 7
    request.guidance.reference = 3
    #expect(request.settings.seed == 7 && request.settings.guidance.reference == 3)
  }

  @Test func theScheduleIsToldAsItIsUsed() {
    #expect(Sampler.euler.resolvedSchedule(.automatic) == .normal)
    #expect(Sampler.dpmpp2M.resolvedSchedule(.automatic) == .karras)
    #expect(Sampler.dpmpp2M.resolvedSchedule(.exponential) == .exponential)
    for schedule in SigmaSchedule.allCases {
      for sampler in [Sampler.ddim, .pndm, .dpmFast, .dpmAdaptive] {
        #expect(sampler.resolvedSchedule(schedule) == nil)
      }
      for sampler in [Sampler.dpmSolver, .lmsDiffusers] {
        #expect(sampler.resolvedSchedule(schedule) == (schedule == .karras ? .karras : nil))
      }
    }
  }
}
