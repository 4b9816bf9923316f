// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Everything that decides a picture: pictures, and the settings, which are properties of the request as well
/// (`request.seed = 7`). The same request gives the same bytes, whatever the number of threads.
@dynamicMemberLookup
public struct ColorizeRequest: Sendable {
  /// Where the colours come from.
  public enum ReferenceInput: Sendable {
    /// A picture, encoded for this request.
    case image(Image)
    /// A picture that was encoded before, see ``Colorizer/encode(_:mask:background:threshold:)``.
    case encoded(Reference)
    /// None: the model colours by itself. Only in vanilla mode.
    case none

    /// The picture, as it was before it was encoded.
    var picture: Image? {
      switch self {
      case .image(let image): image
      case .encoded(let reference): reference.picture
      case .none: nil
      }
    }
  }

  /// What the result's pixels are.
  public enum Frame: String, Sendable, Hashable, CaseIterable, Codable {
    /// As many as the sketch's, so that the result lies on it; scaled from what the network worked on.
    case sketch
    /// As many as the network worked on.
    case working
  }

  /// The line art.
  public var sketch: Image
  /// Where the colours come from.
  public var reference: ReferenceInput
  /// The area of the sketch that takes its colours from ``reference``, where there are ``furtherReferences``; nil for what
  /// they leave. As ``PlacedReference/region``.
  public var referenceRegion: Mask?
  /// Other references beside ``reference``, each for an area of the sketch, or together with it for the rest. In all, there
  /// can be ``maximumReferenceCount``.
  public var furtherReferences: [PlacedReference] = []
  /// The sketch's foreground, in the sketch's frame: white where the figure is. Of any size and of the sketch's aspect.
  /// Vanilla mode does not look at it, so that it may stay where modes are changed; so with the other two.
  public var sketchMask: Mask?
  /// The reference's foreground, in the reference's frame: of any size and of the reference's aspect. Not for a reference
  /// that is encoded, which was given its mask then.
  public var referenceMask: Mask?
  /// A picture whose colours the background takes instead of the reference's: in place of a mask of the reference, or of
  /// the background that a reference was encoded with. With several references, in the area that no region covers.
  public var background: Image?

  /// The colours that flats are painted in; nil takes those of the reference, see `Palette.init(of:maximumColors:mask:)`.
  public var palette: Palette?

  /// Strokes of colour over the sketch, on a transparent ground: the regions under them are painted in their colours, as far
  /// as ``ColorizeSettings/hintStrength`` says, and flats take them, see ``Flats/take(hints:palette:)``. Of the sketch's
  /// aspect, at any scale; with ``palette``, its nearest entries are taken.
  public var hints: Image?

  /// Whether ``hints`` change anything: whether they act on the network, or there are flats, in the picture or beside it.
  public var usesHints: Bool { hintsActOnNetwork || hints != nil && settings.needsFlats }

  /// Whether what the network paints is drawn towards ``hints``.
  var hintsActOnNetwork: Bool { hints != nil && resolvedHintStrength > 0 }

  /// How strongly hints act on the network where there are any.
  var resolvedHintStrength: Float { settings.hintStrength ?? ColorizeSettings.defaultHintStrength }

  /// The lines that a network found in the sketch, which the preparation ``SketchPreparation/extracted`` takes; nil lets it
  /// find them without one. See ``extractLines(by:for:progress:)``.
  public var extractedLines: ExtractedLines?

  /// Everything else.
  public var settings: ColorizeSettings

  /// A setting: `request.steps` is `request.settings.steps`.
  public subscript<Value>(dynamicMember setting: WritableKeyPath<ColorizeSettings, Value>) -> Value {
    get { settings[keyPath: setting] }
    set { settings[keyPath: setting] = newValue }
  }

  /// A request with given settings, such as a preset.
  public init(sketch: Image, reference: ReferenceInput, settings: ColorizeSettings) {
    self.sketch = sketch
    self.reference = reference
    self.settings = settings
  }

  /// A request with the given settings of a run; ``Colorizer/request(sketch:reference:)`` takes those that suit its model.
  public init(
    sketch: Image, reference: ReferenceInput, sampling: SamplingDefaults = .published,
    finish: FinishDefaults = .published
  ) {
    self.init(
      sketch: sketch, reference: reference, settings: ColorizeSettings(sampling: sampling, finish: finish))
  }

  /// The same for a reference picture.
  public init(
    sketch: Image, reference: Image, sampling: SamplingDefaults = .published, finish: FinishDefaults = .published
  ) {
    self.init(sketch: sketch, reference: .image(reference), sampling: sampling, finish: finish)
  }
}
