// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The pictures and masks of a run, decoded.
struct RunInputs {
  var sketch: Image
  var reference: Image
  var sketchMask: Mask?
  var referenceMask: Mask?
  var background: Image?
  /// How densely the sketch's pixels lie on paper, if its file says so.
  var resolution: ImageResolution?
  /// Masks that a network is to find.
  private(set) var pending = PendingMasks()

  /// Which masks are still to be found. In their places are masks of nothing, so that a request can be checked.
  struct PendingMasks {
    var sketch = false
    var reference = false
  }

  /// Reads everything; a picture that cannot be read is a fault of the command line, told before the model is loaded.
  init(_ options: InputOptions, note: (String) -> Void) throws {
    func load(_ path: String, _ option: String) throws -> (image: Image, metadata: ImageMetadata) {
      let (image, metadata) = try Self.load(path, option)
      for oddity in metadata.notes where oddity != .convertedColors { note("\(option) \(path): \(oddity)") }
      return (image, metadata)
    }
    let (drawing, metadata) = try load(options.sketch, "--sketch")
    (sketch, resolution) = (drawing, metadata.resolution)
    reference = try load(options.reference, "--reference").image
    sketchMask = try options.sketchMask.map { Mask(try load($0, "--sketch-mask").image) }
    referenceMask = try options.referenceMask.map { Mask(try load($0, "--reference-mask").image) }
    background = try options.background.map { try load($0, "--background").image }
    if options.alphaMasks { takeAlphaMasks(note) }
    if options.findsMasks { try findMasks(options.segmentation, note) }
  }

  /// Finds the figures that no mask says, or leaves them to a network.
  private mutating func findMasks(_ networks: SegmenterOptions, _ note: (String) -> Void) throws {
    func figure(of image: Image, _ owner: String, isPending: Bool) throws -> Mask {
      if isPending {
        return try Mask(
          width: image.width, height: image.height,
          values: [Float](repeating: 0, count: image.width * image.height))
      }
      let found = try image.figureMask()
      note(found.finding(of: owner))
      return found.mask
    }
    if sketchMask == nil {
      pending.sketch = networks.isGiven
      sketchMask = try figure(of: sketch, "the sketch's", isPending: pending.sketch)
    }
    if referenceMask == nil, background == nil {
      pending.reference = networks.segmenter != nil
      referenceMask = try figure(of: reference, "the reference's", isPending: pending.reference)
    }
  }

  private mutating func takeAlphaMasks(_ note: (String) -> Void) {
    if sketchMask == nil {
      sketchMask = try? Mask(alphaOf: sketch)
      if let mask = sketchMask {
        let coverage = mask.values.reduce(0, +) / Float(mask.values.count)
        if coverage < 0.1 {
          note("the sketch's alpha covers only \(Int(coverage * 100))% of it, which looks like lines and not a figure")
        }
      } else {
        note("the sketch has no transparency to take a mask from")
      }
    }
    // A background picture says what the reference's mask would: both at once are one too many.
    if referenceMask == nil && background == nil {
      referenceMask = try? Mask(alphaOf: reference)
      if referenceMask == nil { note("the reference has no transparency to take a mask from") }
    }
  }

  private static func load(_ path: String, _ option: String) throws -> (Image, ImageMetadata) {
    do {
      return try StandardStreams.load(path)
    } catch {
      throw ToolError.usage("\(option) \(error.description)")
    }
  }

  /// The masks that are to be found and that a mode looks at.
  func pending(in mode: InferenceMode) -> PendingMasks {
    PendingMasks(
      sketch: pending.sketch && mode.needsSketchMask, reference: pending.reference && mode.needsBackground)
  }

  /// Whether the modes `background` and `full` have what they need.
  var allowsFull: Bool { sketchMask != nil && (referenceMask != nil || background != nil) }

  /// What is given and not looked at in a mode.
  func unused(in mode: InferenceMode) -> [String] {
    var names: [String] = []
    if sketchMask != nil && !mode.needsSketchMask { names.append("the sketch's mask") }
    if referenceMask != nil && !mode.needsBackground { names.append("the reference's mask") }
    if background != nil && !mode.needsBackground { names.append("the background picture") }
    return names
  }
}
