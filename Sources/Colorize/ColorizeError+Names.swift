// SPDX-License-Identifier: Apache-2.0

extension ColorizeError {
  /// The settings that can be wrong, or do nothing: the properties of ``ColorizeRequest``, by which a program finds its
  /// control for one.
  public enum Option: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case size, vaeTiling, batching, count, steps, seed, schedule
    case guidanceReference = "guidance.reference"
    case guidanceSketch = "guidance.sketch"
    case guidanceInterval = "guidance.interval"
    case guidanceExcluded = "guidance.excluded"
    case injection
    case injectionStart = "injection.start"
    case injectionReference = "injection.reference"
    case injectionSketch = "injection.sketch"
    case hintStrength, referenceStrength, foregroundStrength, backgroundStrength, sketchStrength, merge
    case sketchThreshold, referenceThreshold, contextLayout, previewInterval
    case maskThreshold = "maskShaping.threshold"
    case maskGrow = "maskShaping.grow"
    case maskFeather = "maskShaping.feather"
    case flatColors = "flats.colors"
    case alignment = "flats.alignment"
    case maximumColors = "flats.maximumColors"
    case maximumGap = "flats.maximumGap"
    case minimumArea = "flats.minimumArea"
    case farDistance = "flats.farDistance"
    case guides
    case palette
    case manipulation
    /// The name that ``Model/preset(named:)`` is given, which is no part of a request.
    case preset

    /// Its name in a sentence.
    public var description: String {
      switch self {
      case .size, .count, .steps, .seed, .schedule, .merge, .preset, .guides, .palette, .manipulation: rawValue
      case .vaeTiling: "vae tile"
      case .batching: "batching rows"
      case .guidanceReference: "reference guidance"
      case .guidanceSketch: "sketch guidance"
      case .guidanceInterval: "guidance interval"
      case .guidanceExcluded: "excluded guidance interval"
      case .injection: "attention injection"
      case .injectionStart: "start of injection"
      case .injectionReference: "reference fidelity of injection"
      case .injectionSketch: "sketch fidelity of injection"
      case .hintStrength: "hint strength"
      case .referenceStrength: "reference strength"
      case .foregroundStrength: "foreground strength"
      case .backgroundStrength: "background strength"
      case .sketchStrength: "sketch strength"
      case .sketchThreshold: "sketch threshold"
      case .referenceThreshold: "reference threshold"
      case .contextLayout: "context layout"
      case .previewInterval: "preview interval"
      case .maskThreshold: "threshold of masks"
      case .maskGrow: "growth of masks"
      case .maskFeather: "feather of masks"
      case .flatColors: "source of flat colours"
      case .alignment: "alignment of flats"
      case .maximumColors: "number of flat colours"
      case .maximumGap: "widest gap"
      case .minimumArea: "least area"
      case .farDistance: "far distance"
      }
    }
  }

  /// The inputs that can be missing or wrong: the properties of ``ColorizeRequest``, and what a ``Reference`` holds.
  public enum Input: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case reference, sketchMask, referenceMask, background
    /// The background that a reference was encoded with, by its mask or from a picture.
    case encodedBackground

    /// Its name in a sentence.
    public var description: String {
      switch self {
      case .reference: "the reference"
      case .sketchMask: "the sketch's mask"
      case .referenceMask: "the reference's mask"
      case .background: "the background picture"
      case .encodedBackground: "the background that the reference was encoded with"
      }
    }

    /// What a mode needs where this is missing.
    var need: String {
      switch self {
      case .reference: "a reference"
      case .sketchMask:
        "the sketch's mask: sketchMask, white where the figure is; Mask(alphaOf:) makes one from a cut-out"
      case .referenceMask:
        "the reference's mask or a background picture: referenceMask, white where its figure is, or background"
      case .background: "a background picture: background"
      case .encodedBackground: "a reference that was encoded with its mask, or a background picture: background"
      }
    }
  }
}
