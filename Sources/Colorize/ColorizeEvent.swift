import DiffusionCore

/// What a running request reports.
public enum ColorizeEvent: Sendable {
  /// A stage begins.
  case stage(Stage)
  /// Sampling steps are done.
  case step(completed: Int, total: Int)
  /// Parts of the decoding are done, where it runs in tiles: those of all pictures.
  case tile(completed: Int, total: Int)
  /// The first picture as it looks after that step.
  case preview(completed: Int, image: Image)
  /// The last event of a run that succeeds.
  case finished(ColorizeResult)

  /// The stages of a run, in order.
  public enum Stage: String, Sendable, Hashable, CaseIterable, Codable {
    /// The reference, and its background, through the image encoder.
    case encodingReference = "encoding the reference"
    /// The sketch through the sketch encoder.
    case encodingSketch = "encoding the sketch"
    /// The steps of the sampler.
    case sampling
    /// The latent through the autoencoder.
    case decoding
  }
}

/// The pictures, and how they were made.
public struct ColorizeResult: Sendable {
  /// The pictures, of the frame that was asked for.
  public let images: [Image]
  /// How they were made.
  public let summary: Summary

  /// The first picture.
  public var image: Image { images[0] }

  /// How pictures were made, enough to make them again.
  public struct Summary: Sendable, Hashable, Codable {
    /// The model's name.
    public var model: String
    /// The backend's name.
    public var backend: String
    /// Which parts of the network were active.
    public var mode: InferenceMode
    /// The polarity that was given or found.
    public var polarity: SketchPolarity
    /// The size that the network worked on, without padding.
    public var width: Int
    /// The size that the network worked on, without padding.
    public var height: Int
    /// The number of steps.
    public var steps: Int
    /// The sampler.
    public var sampler: Sampler
    /// The spacing, resolved.
    public var schedule: SigmaSchedule
    /// The generator of the noise.
    public var noise: NoiseGenerator
    /// Each picture's seed.
    public var seeds: [UInt64]
    /// The tiles that the pictures were decoded in, in pixels a side; nil if whole.
    public var vaeTile: Int?
    /// The reference's guidance scale.
    public var referenceGuidance: Double
    /// The sketch's guidance scale.
    public var sketchGuidance: Double
    /// How long each stage took, in seconds.
    public var seconds: [String: Double]
  }
}
