import Colorize

extension ColorizeError {
  /// The library's words for what is wrong, with the names that things have on the command line.
  var inOptions: String {
    switch self {
    case .invalidOption(let option, let value, let expected):
      "\(option.flag ?? option.description) is \(value), expected \(expected)"
    case .missingInput(.sketchMask, let mode):
      "mode \(mode.rawValue) needs the sketch's mask; give --sketch-mask, or --alpha-masks for a cut-out figure"
    case .missingInput(.referenceMask, let mode):
      "mode \(mode.rawValue) needs the reference's mask or a background picture; give --reference-mask or "
        + "--background, or --alpha-masks for a cut-out figure"
    case .contradictoryInputs(let one, let other):
      "\(one.name) and \(other.name) exclude each other, since the background comes from one of them; give one"
    case .mismatchedMask(let mask, let size, let picture):
      "\(mask.name) is \(size), of another shape than its picture, which is \(picture); give a mask of the whole picture"
    default: description
    }
  }
}

extension ColorizeError.Input {
  /// The option that gives it, or the library's name.
  fileprivate var name: String {
    switch self {
    case .reference: "--reference"
    case .sketchMask: "--sketch-mask"
    case .referenceMask: "--reference-mask"
    case .background: "--background"
    case .encodedBackground: description
    }
  }
}

extension ColorizeError.Option {
  /// The option that sets it, nil if there is none.
  var flag: String? {
    switch self {
    case .size: "--size"
    case .vaeTiling: "--vae-tile"
    case .count: "--count"
    case .steps: "--steps"
    case .seed: "--seed"
    case .guidanceReference: "--guidance"
    case .guidanceSketch: "--sketch-guidance"
    case .guidanceInterval: "--guidance-interval"
    case .referenceStrength: "--strength"
    case .foregroundStrength: "--foreground-strength"
    case .backgroundStrength: "--background-strength"
    case .sketchStrength: "--sketch-strength"
    case .merge: "--merge"
    case .sketchThreshold: "--sketch-threshold"
    case .referenceThreshold: "--reference-threshold"
    case .previewInterval: "--previews"
    case .preset: "--preset"
    case .maximumColors: "--colours"
    case .maximumGap: "--gap"
    case .minimumArea: "--least-area"
    case .farDistance: "--far"
    case .guides: "--guide"
    case .palette: "--palette"
    case .batching, .guidanceExcluded: nil
    }
  }
}
