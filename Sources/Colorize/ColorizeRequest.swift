import DiffusionCore

/// Everything that decides a picture. The same request gives the same bytes, whatever the number of threads.
public struct ColorizeRequest: Sendable {
  /// Where the colours come from.
  public enum ReferenceInput: Sendable {
    /// A picture, encoded for this request.
    case image(Image)
    /// A picture that was encoded before, see ``Colorizer/encode(_:mask:background:threshold:)``.
    case encoded(Reference)
    /// None: the model colours by itself. Only in vanilla mode.
    case none
  }

  /// What the result's pixels are.
  public enum Frame: String, Sendable, Hashable, CaseIterable, Codable {
    /// As many as the sketch's, so that the result lies on it.
    case sketch
    /// As many as the network worked on.
    case working
  }

  /// The line art.
  public var sketch: Image
  /// Whether its lines are dark or light.
  public var polarity: SketchPolarity = .automatic
  /// Where the colours come from.
  public var reference: ReferenceInput
  /// Which parts of the network are active.
  public var mode: InferenceMode = .vanilla
  /// The sketch's foreground, in the sketch's frame: white where the figure is. Of any size and of the sketch's aspect.
  /// Vanilla mode does not look at it, so that it may stay where modes are changed; so with the other two.
  public var sketchMask: Mask?
  /// The reference's foreground, in the reference's frame: of any size and of the reference's aspect. Not for a reference
  /// that is encoded, which was given its mask then.
  public var referenceMask: Mask?
  /// A picture whose colours the background takes instead of the reference's: in place of a mask of the reference, or of
  /// the background that a reference was encoded with.
  public var background: Image?

  /// The longer side that the network works on, in pixels, 64...4096; nil for the model's own size.
  public var size: Int?
  /// The size of the result.
  public var frame: Frame = .sketch
  /// Whether pictures are decoded whole or in tiles, which bounds the memory of large ones.
  public var vaeTiling: VAETiling = .automatic
  /// How many rows of a step, pictures times guidance branches, the U-Net takes in one pass. Changes memory and time,
  /// not the picture.
  public var batching: UNetBatching = .automatic
  /// How many pictures, 1...64; each has a seed of its own, counted up from ``seed``.
  public var count = 1

  /// Sampling steps, in the sampler's `stepRange`: 1...1000, of some a little less.
  public var steps: Int
  /// The first picture's seed.
  public var seed: UInt64 = 0
  /// The generator of the noise.
  public var noise: NoiseGenerator = .torchCPU
  /// The sampler.
  public var sampler: Sampler
  /// The spacing of the sampler's steps.
  public var schedule: SigmaSchedule = .automatic
  /// Guidance by the reference and by the sketch.
  public var guidance: Guidance

  /// How strongly the reference acts, and where.
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
  /// Which tokens the regions attend to in full mode.
  public var contextLayout: ContextLayout = .paper
  /// Whether the request is refused if the backend's memory looks too small for it.
  public var checksMemory = true
  /// Decode a preview every so many steps; nil for none.
  public var previewInterval: Int?

  static let defaultReferenceThreshold: Float = 0.5

  /// A request with the given settings of a run; ``Colorizer/request(sketch:reference:)`` takes those that suit its model.
  public init(sketch: Image, reference: ReferenceInput, sampling: SamplingDefaults = .published) {
    self.sketch = sketch
    self.reference = reference
    self.steps = sampling.steps
    self.sampler = sampling.sampler
    self.guidance = Guidance(reference: sampling.guidance)
  }

  /// The same for a reference picture.
  public init(sketch: Image, reference: Image, sampling: SamplingDefaults = .published) {
    self.init(sketch: sketch, reference: .image(reference), sampling: sampling)
  }
}

/// How strongly the reference acts in the U-Net's cross-attentions.
public enum ReferenceStrength: Sendable, Hashable {
  /// The same factor everywhere.
  case uniform(Float)
  /// A factor for each named group of blocks; where groups overlap, a later one wins, in the order encoder, middle,
  /// low, high, bottom. Blocks of no named group keep 1.
  case levels([AttentionControl.Level: Float])
  /// A factor for each transformer block, in module order.
  case blocks([Float])

  /// Checks the factors, 0...10, whatever the network.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  func validate() throws {
    let factors =
      switch self {
      case .uniform(let factor): [factor]
      case .levels(let factors): AttentionControl.Level.allCases.compactMap { factors[$0] }
      case .blocks(let factors): factors
      }
    for factor in factors { try ColorizeRequest.check(factor, .referenceStrength, in: 0...10) }
  }

  /// A factor for each block of the U-Net.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  package func scales(for unet: UNetConfiguration) throws -> [Float] {
    let count = unet.transformerBlockCount
    var scales: [Float]
    switch self {
    case .uniform(let scale): scales = [Float](repeating: scale, count: count)
    case .levels(let factors):
      scales = [Float](repeating: 1, count: count)
      for level in [AttentionControl.Level.encoder, .middle, .low, .high, .bottom] {
        guard let factor = factors[level] else { continue }
        for block in level.blocks(of: unet) { scales[block] = factor }
      }
    case .blocks(let factors):
      guard factors.count == count else {
        throw ColorizeError.invalidOption(
          .referenceStrength, value: "\(factors.count) factors",
          expected: "\(count), one for each transformer block")
      }
      scales = factors
    }
    try validate()
    return scales
  }
}
