// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// Everything that decided a picture, as it is stored in the PNG under `parameters` and printed with `--json`: one object
/// of where it came from, and of the settings that make it again.
struct StoredOptions: Codable {
  var origin: Origin
  var settings: ColorizeSettings

  /// What the settings do not say.
  struct Origin: Codable {
    var version: String
    var model: String
    var prediction: PredictionType
    var backend: String
    var inputs: InputNames
    /// The size that the network worked on.
    var width: Int
    var height: Int
  }

  /// - Parameter index: which of the pictures.
  init(_ summary: ColorizeResult.Summary, inputs: InputNames, picture index: Int) {
    origin = Origin(
      version: Tool.version, model: InputNames.name(summary.model), prediction: summary.prediction,
      backend: summary.backend, inputs: inputs.withoutFolders, width: summary.width, height: summary.height)
    settings = summary.settings(ofPicture: index)
  }

  /// The name of a model, and those of what was added to it.
  static func parts(ofModel name: String) -> (model: String, additions: [String]) {
    var parts = name.components(separatedBy: Model.additionSeparator)
    return (parts.removeFirst(), parts)
  }

  /// What stands in a picture under `parameters`; nil for what is none of this program's.
  init?(parameters: String) {
    guard let options = try? JSONDecoder().decode(StoredOptions.self, from: Data(parameters.utf8)) else { return nil }
    self = options
  }

  init(from decoder: any Decoder) throws {
    origin = try Origin(from: decoder)
    settings = try ColorizeSettings(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    try origin.encode(to: encoder)
    try settings.encode(to: encoder)
  }
}

/// What the inputs of a run are called.
struct InputNames: Codable {
  var sketch: String
  var reference: String
  var sketchMask: String?
  var referenceMask: String?
  var background: String?
  var alphaMasks = false
  /// Whether masks that were not given were found; nil in pictures of earlier versions.
  var foundMasks: Bool?
  /// The area of the sketch that the reference colours, where there are several.
  var referenceRegion: String?
  /// The other references; nil for none.
  var furtherReferences: [ReferenceFiles]?
  /// The palette's file, where the colours of flats came from one.
  var palette: String?
  /// The strokes of colour that flats took.
  var hints: String?
  /// The file of the network that found the sketch's lines.
  var extractor: String?
  /// The files of those that found masks.
  var segmenter: String?
  var sketchSegmenter: String?
  /// What they saw of coloured pictures.
  var segmenterInput: FigureSegmenter.Input?

  /// What tells the files from others of the same name, by what they are to the picture; nil in pictures of earlier
  /// versions.
  var files: [String: InputFile]?

  /// The files' names alone: pictures are passed on, and a path tells of its owner.
  var withoutFolders: InputNames {
    var names = self
    names.sketch = Self.name(sketch)
    names.reference = Self.name(reference)
    for file: WritableKeyPath<InputNames, String?> in [
      \.sketchMask, \.referenceMask, \.background, \.referenceRegion, \.palette, \.hints, \.extractor, \.segmenter,
      \.sketchSegmenter,
    ] { names[keyPath: file] = self[keyPath: file].map(Self.name) }
    names.furtherReferences = furtherReferences?.map {
      ReferenceFiles(
        reference: Self.name($0.reference), region: $0.region.map(Self.name), mask: $0.mask.map(Self.name))
    }
    return names
  }

  /// The last component of a path.
  static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

/// A reference with what belongs to it.
struct ReferenceFiles: Codable, Equatable {
  var reference: String
  var region: String?
  var mask: String?

  /// The paths.
  var paths: [String] { [reference, region, mask].compactMap(\.self) }
}
