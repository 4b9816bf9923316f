// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Everything of a request but its pictures: what a program keeps as a preset.
///
/// It is decoded from an object of these properties, of which any may be missing: then it is as in
/// ``init(sampling:finish:)``. A value that is unknown or out of its range is a `DecodingError` whose path names it.
public struct ColorizeSettings: Sendable, Hashable, Codable {
  /// Whether the sketch's lines are dark or light.
  public var polarity: SketchPolarity = .automatic
  /// What is done to the sketch before the network sees it.
  public var preparation: SketchPreparation = .automatic
  /// Which parts of the network are active.
  public var mode: InferenceMode = .vanilla

  /// The longer side that the network works on, in pixels, 64...4096. Nil takes about as many pixels as the model was
  /// trained on, the square of `ModelConfiguration.imageSize`, at the sketch's aspect. With ``ColorizeRequest/Frame/sketch``
  /// the result is scaled from there to the sketch's own size.
  public var size: Int?
  /// The size of the result: the sketch's, or the one that the network worked on.
  public var frame: ColorizeRequest.Frame = .sketch
  /// Whether pictures are decoded whole or in tiles, which bounds the memory of large ones.
  public var vaeTiling: VAETiling = .automatic
  /// How many rows of a step, pictures times guidance branches, the U-Net takes in one pass. Changes memory and time,
  /// not the picture.
  public var batching: UNetBatching = .automatic
  /// How many pictures, 1...64; each has a seed of its own, counted up from ``seed``.
  public var count = 1

  /// Sampling steps, in the sampler's `stepRange`: 1...1000, of some a little less.
  public var steps: Int
  /// The first picture's seed. NumPy's generator takes 32 bits.
  public var seed: UInt64 = 0
  /// The generator of the noise.
  public var noise: NoiseGenerator = .torchCPU
  /// The sampler.
  public var sampler: Sampler
  /// The spacing of the sampler's steps.
  public var schedule: SigmaSchedule = .automatic
  /// Guidance by the reference and by the sketch: scales of 0...100, parts of 0...1.
  public var guidance: Guidance

  /// How the reference's picture is injected into the network's self-attentions; nil for not at all.
  public var injection: AttentionInjection?

  /// How far the network's painting moves to the colours of ``ColorizeRequest/hints``, 0...1: 0 leaves it to the flats; nil
  /// takes 1.
  public var hintStrength: Float?

  /// How strongly the reference acts, and where: factors of 0...10.
  public var referenceStrength: ReferenceStrength = .uniform(1)
  /// A factor for the foreground's attention in mask modes, 0...10.
  public var foregroundStrength: Float = 1
  /// A factor for the background's attention in mask modes, 0...10.
  public var backgroundStrength: Float = 1
  /// A factor for the sketch's features, 0...10.
  public var sketchStrength: Float = 1
  /// How much of the background's attention is mixed into the foreground's, 0...1.
  public var merge: Float = 0
  /// The sketch mask's values above it are foreground, 0...1.
  public var sketchThreshold: Float = 0.05
  /// The reference mask's values from it on are foreground, 0...1.
  /// An encoded reference has been told it already: then it is left as it is, or the same.
  public var referenceThreshold = Self.defaultReferenceThreshold
  /// What is done to the masks of the sketch and of references before they are used; nil for nothing. An encoded reference
  /// was given its mask before.
  public var maskShaping: MaskShaping?
  /// Which tokens the regions attend to in full mode.
  public var contextLayout: ContextLayout = .paper
  /// How the areas of the finished picture are filled.
  public var fill: FillStyle
  /// Which lines stand in the finished picture.
  public var lines: LineSource
  /// How regions of the line art become flats: where ``fill`` asks for them, or ``makesFlats``.
  public var flats = FlatsSettings()
  /// Strokes of the sketch that bound regions and are not part of the drawing; nil where there are none. They do not reach
  /// the network, and vanish in the result.
  public var guides: GuideOptions?
  /// Whether the result has ``ColorizeResult/flats``, even if ``fill`` does not need them.
  public var makesFlats = false
  /// What texts change about the reference; nil for nothing. It needs a model with a text tower.
  public var manipulation: ReferenceManipulation?
  /// Whether the request is refused if the backend's memory looks too small for it.
  public var checksMemory = true
  /// Decode a preview every so many steps, 1...1000, but the last; nil for none. Each decodes the first picture in full,
  /// which takes as long as at the end of the run, and keeps the decoder in memory with ``MemoryUse/low``.
  public var previewInterval: Int?

  static let defaultReferenceThreshold: Float = 0.5
  static let defaultHintStrength: Float = 1

  /// Settings with those that suit a model: `ModelConfiguration.sampling` and `ModelConfiguration.finish`.
  public init(sampling: SamplingDefaults = .published, finish: FinishDefaults = .published) {
    steps = sampling.steps
    sampler = sampling.sampler
    guidance = Guidance(reference: sampling.guidance)
    fill = finish.fill
    lines = finish.lines
    flats.maximumColors = finish.maximumColors ?? flats.maximumColors
  }
}

extension ColorizeSettings {
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<V: Decodable>(_ key: CodingKeys, or known: V) throws -> V {
      try values.decodeIfPresent(V.self, forKey: key) ?? known
    }
    polarity = try value(.polarity, or: polarity)
    preparation = try value(.preparation, or: preparation)
    mode = try value(.mode, or: mode)
    size = try value(.size, or: size)
    frame = try value(.frame, or: frame)
    vaeTiling = try value(.vaeTiling, or: vaeTiling)
    batching = try value(.batching, or: batching)
    count = try value(.count, or: count)
    steps = try value(.steps, or: steps)
    seed = try value(.seed, or: seed)
    noise = try value(.noise, or: noise)
    sampler = try value(.sampler, or: sampler)
    schedule = try value(.schedule, or: schedule)
    guidance = try value(.guidance, or: guidance)
    injection = try values.decodeIfPresent(AttentionInjection.self, forKey: .injection)
    hintStrength = try values.decodeIfPresent(Float.self, forKey: .hintStrength)
    referenceStrength = try value(.referenceStrength, or: referenceStrength)
    foregroundStrength = try value(.foregroundStrength, or: foregroundStrength)
    backgroundStrength = try value(.backgroundStrength, or: backgroundStrength)
    sketchStrength = try value(.sketchStrength, or: sketchStrength)
    merge = try value(.merge, or: merge)
    sketchThreshold = try value(.sketchThreshold, or: sketchThreshold)
    referenceThreshold = try value(.referenceThreshold, or: referenceThreshold)
    maskShaping = try values.decodeIfPresent(MaskShaping.self, forKey: .maskShaping)
    contextLayout = try value(.contextLayout, or: contextLayout)
    fill = try value(.fill, or: fill)
    lines = try value(.lines, or: lines)
    flats = try value(.flats, or: flats)
    guides = try values.decodeIfPresent(GuideOptions.self, forKey: .guides)
    makesFlats = try value(.makesFlats, or: makesFlats)
    manipulation = try values.decodeIfPresent(ReferenceManipulation.self, forKey: .manipulation)
    checksMemory = try value(.checksMemory, or: checksMemory)
    previewInterval = try value(.previewInterval, or: previewInterval)
    do {
      try validate()
    } catch {
      guard case .invalidOption(let option, _, _) = error as? ColorizeError else { throw error }
      // The path of an option is that of its property.
      let path = option.rawValue.split(separator: ".").map { Property(stringValue: String($0)) }
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath + path, debugDescription: "\(error)", underlyingError: error))
    }
  }

  /// A key of whatever name.
  private struct Property: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
