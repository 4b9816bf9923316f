// SPDX-License-Identifier: Apache-2.0

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
    case .noTextTower(let model) where model.hasPrefix("embedded"):
      "the built-in model reads no texts; --manipulate and heat-map need a published checkpoint (--model) with an OpenCLIP "
        + "file (--text-encoder), see Docs/Text.md"
    case .noTextTower(let model):
      "\(model) holds no text tower, which reads the texts; give the OpenCLIP file of both towers with --text-encoder"
    default: description
    }
  }
}

extension ColorizeNote {
  /// The library's words, with the names that things have on the command line.
  var inOptions: String {
    switch self {
    case .paintingAsSketch:
      "the sketch looks like a painting or a photo, and lines on plain paper are expected; use --prepare extract, which "
        + "takes drawn lines out of their colours"
    case .faintLines:
      "the sketch's lines will hardly be visible to the network; use --prepare auto, a larger --size, or darker lines"
    case .strengthenedLines:
      "the sketch's lines would hardly have been visible to the network, and were made stronger (--prepare as-is leaves "
        + "them; `colorize sketch` shows them)"
    case .uncertainPolarity:
      "whether the sketch's lines are dark or light was guessed, and may be wrong; say --polarity dark-on-light or "
        + "light-on-dark"
    case .swappedPictures:
      "the sketch looks like a painting and the reference like a line drawing; --sketch is the line drawing, --reference the "
        + "coloured picture"
    case .guessedPrediction:
      "what the network predicts was guessed from the file's name; if the result is noise, say --prediction v or eps"
    case .stepsBeyondModel: "the model is made for one sampling step, and paints worse with more; leave --steps out"
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
    case .schedule: "--schedule"
    case .guidanceReference: "--guidance"
    case .guidanceSketch: "--sketch-guidance"
    case .guidanceInterval: "--guidance-interval"
    case .injection: "--inject"
    case .injectionStart: "--inject-start"
    case .injectionReference: "--inject-reference"
    case .injectionSketch: "--inject-sketch"
    case .hintStrength: "--hint-strength"
    case .referenceStrength: "--strength"
    case .foregroundStrength: "--foreground-strength"
    case .backgroundStrength: "--background-strength"
    case .sketchStrength: "--sketch-strength"
    case .merge: "--merge"
    case .sketchThreshold: "--sketch-threshold"
    case .referenceThreshold: "--reference-threshold"
    case .maskThreshold: "--mask-threshold"
    case .maskGrow: "--mask-grow"
    case .maskFeather: "--mask-feather"
    case .contextLayout: "--context-layout"
    case .previewInterval: "--previews"
    case .preset: "--preset"
    case .flatColors: "--palette"
    case .alignment: "--align"
    case .maximumColors: "--colours"
    case .maximumGap: "--gap"
    case .minimumArea: "--least-area"
    case .farDistance: "--far"
    case .guides: "--guide"
    case .palette: "--palette"
    case .manipulation: "--manipulate"
    case .batching, .guidanceExcluded: nil
    }
  }
}
