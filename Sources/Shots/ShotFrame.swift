// SPDX-License-Identifier: Apache-2.0

import Colorize

/// One frame of a shot: the paths of its pictures, and its settings.
public struct ShotFrame: Sendable, Hashable {
  /// Its number; nil where its name has none.
  public var number: Int?
  /// What it is called in reports.
  public var label: String
  /// The line art.
  public var sketch: String
  /// Where the colours come from; nil for none.
  public var reference: String?
  /// As `ColorizeRequest.referenceRegion`.
  public var referenceRegion: String?
  /// Other references, as `ColorizeRequest.furtherReferences`.
  public var furtherReferences: [ShotReference] = []
  /// As `ColorizeRequest.sketchMask`.
  public var sketchMask: String?
  /// As `ColorizeRequest.referenceMask`.
  public var referenceMask: String?
  /// As `ColorizeRequest.background`.
  public var background: String?
  /// A palette's file.
  public var palette: String?
  /// As `ColorizeRequest.hints`. The regions that get a colour by them keep it, and what is the same in other frames takes
  /// it; see ``Shot/agree(on:progress:)``.
  public var hints: String?
  /// Everything else.
  public var settings: ColorizeSettings
  /// Where the result goes.
  public var output: String
  /// Why the frame cannot be coloured, where its plan says so already.
  public var problem: String?

  /// A frame with a picture and a reference.
  public init(
    number: Int? = nil, label: String, sketch: String, reference: String?, settings: ColorizeSettings, output: String
  ) {
    self.number = number
    self.label = label
    self.sketch = sketch
    self.reference = reference
    self.settings = settings
    self.output = output
  }

  /// The drawing's name without its folder and its extension, which stands for `*` in patterns.
  public var name: String { FrameFile.name(of: sketch) }

  /// The paths of its inputs, by their names in the manifest.
  public var inputs: [(name: String, path: String)] {
    [
      ("sketch", sketch), ("reference", reference), ("sketchMask", sketchMask), ("referenceMask", referenceMask),
      ("background", background), ("palette", palette), ("referenceRegion", referenceRegion), ("hints", hints),
    ].compactMap { name, path in path.map { (name, $0) } }
      + furtherReferences.enumerated().flatMap { index, further in
        let names = ShotReference.inputNames(index)
        return [(names.reference, further.reference)]
          + [(names.region, further.region), (names.mask, further.mask)].compactMap { name, path in
            path.map { (name, $0) }
          }
      }
  }
}

/// One of several references of a frame: the paths of its pictures.
public struct ShotReference: Sendable, Hashable {
  /// Where the colours come from.
  public var reference: String
  /// As `PlacedReference.region`.
  public var region: String?
  /// As `PlacedReference.mask`.
  public var mask: String?

  /// A reference, and its masks.
  public init(_ reference: String, region: String? = nil, mask: String? = nil) {
    self.reference = reference
    self.region = region
    self.mask = mask
  }

  /// What the inputs are called in the manifest of the further reference of that number, counted from 0.
  static func inputNames(_ index: Int) -> (reference: String, region: String, mask: String) {
    let name = "reference\(index + 2)"
    return (name, "\(name)Region", "\(name)Mask")
  }
}

/// Which masks a shot takes where none is given.
public enum MaskSource: String, Sendable, Hashable, Codable, CaseIterable {
  /// None.
  case given
  /// The alpha channel of the picture, where it has transparency.
  case alpha
  /// Those that `Image.figureMask(_:)` finds.
  case found
}

/// What became of a frame.
public struct ShotOutcome: Sendable {
  /// What became of it.
  public enum Status: Sendable, Hashable {
    /// It was coloured now.
    case finished
    /// Its files were there, made from the same content.
    case unchanged
    /// Another process has coloured it meanwhile.
    case finishedElsewhere
    /// Its file was changed by hand since it was made, and is left alone.
    case retouched
    /// Its picture is approved, and is left alone.
    case approved
    /// It could not be coloured.
    case failed(reason: String)
  }

  public let frame: ShotFrame
  public let status: Status
  /// The files, the picture first.
  public let files: [String]
  /// How long it took.
  public let seconds: Double
  /// What was found odd about it.
  public let notes: [String]
}
