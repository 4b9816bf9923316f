// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What a running request reports.
public enum ColorizeEvent: Sendable {
  /// A stage begins.
  case stage(Stage)
  /// Something about the request that its user may not have meant. Notes come before the first stage.
  case note(ColorizeNote)
  /// Sampling steps are done.
  case step(completed: Int, total: Int)
  /// Parts of the decoding are done, where it runs in tiles: those of all pictures.
  case tile(completed: Int, total: Int)
  /// The first picture as it looks after that step, of the frame that was asked for.
  case preview(completed: Int, image: Image)
  /// A picture is finished, one of those of the result: which, and how all of them are made. The summary's seconds are
  /// those of the stages that are over.
  case picture(index: Int, picture: ColorizeResult.Picture, summary: ColorizeResult.Summary)
  /// The last event of a run that succeeds.
  case finished(ColorizeResult)
}

/// The pictures, and how they were made.
public struct ColorizeResult: Sendable {
  /// The pictures, at least one.
  public let pictures: [Picture]
  /// How they were made.
  public let summary: Summary

  package init(pictures: [Picture], summary: Summary) {
    self.pictures = pictures
    self.summary = summary
  }

  /// One picture, and what it is made of: all of the frame that was asked for.
  public struct Picture: Sendable {
    /// The finished picture: filled, and with the lines, as the settings say.
    public let image: Image
    /// What the network painted.
    public let painting: Image
    /// The regions and their colours, where the settings ask for them.
    public let flats: Flats?
    /// The drawing, without guide strokes: the lines for a layer of their own, see ``Image/lineLayer(polarity:)``.
    public let drawing: Image
    /// What the network painted without its lines, where that was made: with ``FillStyle/painting``, unless the network's
    /// own lines are to stay.
    public let clearedPainting: Image?
    /// The lines that lie over the fill in ``image``, if any do: the artist's, or those that the network painted over flats.
    public let lines: LineLayer?

    package init(
      image: Image, painting: Image, flats: Flats?, drawing: Image, clearedPainting: Image? = nil,
      lines: LineLayer? = nil
    ) {
      self.image = image
      self.painting = painting
      self.flats = flats
      self.drawing = drawing
      self.clearedPainting = clearedPainting
      self.lines = lines
    }
  }

  /// The finished pictures.
  public var images: [Image] { pictures.map(\.image) }
  /// The first picture, finished.
  public var image: Image { pictures[0].image }
  /// The flats of the first picture, where the settings ask for them.
  public var flats: Flats? { pictures[0].flats }

  /// How pictures were made: with the model and the pictures of the request, enough to make them again.
  ///
  /// The settings are properties of the summary as well (`summary.mode`), but for those that it has itself: what became of
  /// an automatic choice.
  @dynamicMemberLookup
  public struct Summary: Sendable, Hashable, Codable {
    /// The model's name.
    public var model: String
    /// What its U-Net was taken to predict.
    public var prediction: PredictionType
    /// The backend's name.
    public var backend: String
    /// What was asked for.
    public var settings: ColorizeSettings
    /// The polarity that was given or found.
    public var polarity: SketchPolarity
    /// What was found in the sketch, and done to it; nil in summaries of earlier versions.
    public var sketch: SketchReport?
    /// How the drawing lies in the reference, where flats look there for their colours.
    public var alignment: Alignment?
    /// What may not have been meant; nil in summaries of earlier versions.
    public var notes: [ColorizeNote]?
    /// What was set and did nothing; nil in summaries of earlier versions.
    public var idleOptions: [IdleOption]?
    /// The spacing of the steps; nil where the sampler has one of its own.
    public var schedule: SigmaSchedule?
    /// The size that the network worked on, without padding.
    public var width: Int
    /// The size that the network worked on, without padding.
    public var height: Int
    /// Each picture's seed.
    public var seeds: [UInt64]
    /// The tiles that the pictures were decoded in, in pixels a side; nil if whole.
    public var vaeTile: Int?
    /// How long each stage took, in seconds, by the ``ColorizeEvent/Stage``'s raw value.
    public var seconds: [String: Double]

    /// A setting: `summary.steps` is `summary.settings.steps`.
    public subscript<Value>(dynamicMember setting: KeyPath<ColorizeSettings, Value>) -> Value {
      settings[keyPath: setting]
    }

    /// Settings that make one of the pictures again, without any choice left open.
    ///
    /// - Parameter index: which of the pictures, `seeds.indices`; others count as the first.
    public func settings(ofPicture index: Int) -> ColorizeSettings {
      var settings = settings
      settings.seed = seeds.indices.contains(index) ? seeds[index] : settings.seed
      settings.count = 1
      settings.polarity = polarity
      settings.schedule = schedule ?? settings.schedule
      settings.vaeTiling = vaeTile.map { .pixels($0) } ?? .off
      return settings
    }
  }
}
