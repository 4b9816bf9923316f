// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The pictures and masks of a run, decoded.
struct RunInputs {
  var sketch: Image
  /// At least one.
  var references: [Reference]
  var sketchMask: Mask?
  var background: Image?
  /// How densely the sketch's pixels lie on paper, if its file says so.
  var resolution: ImageResolution?
  /// Masks that a network is to find.
  private(set) var pending = PendingMasks()

  /// Whether the sketch's alpha is no mask, where one was to be taken from it.
  private var lacksMaskOfLines = false

  /// Whether a mask was found that is hardly a figure's.
  private var hasDoubtfulMask = false

  /// Which masks are still to be found. In their places are masks of nothing, so that a request can be checked.
  struct PendingMasks {
    var sketch = false
    /// The numbers of the references.
    var references: [Int] = []
  }

  /// A reference with its masks.
  struct Reference {
    let picture: Image
    var region: Mask?
    var mask: Mask?
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
    references = try options.references.map { files in
      Reference(
        picture: try load(files.reference, "--reference").image,
        region: try files.region.map { Mask(try load($0, "--region").image) },
        mask: try files.mask.map { Mask(try load($0, "--reference-mask").image) })
    }
    sketchMask = try options.sketchMask.map { Mask(try load($0, "--sketch-mask").image) }
    background = try options.shared.background.map { try load($0, "--background").image }
    if options.shared.alphaMasks { takeAlphaMasks(note) }
    if options.shared.findsMasks { try findMasks(options.shared.segmentation, note) }
  }

  /// Finds the figures that no mask says, or leaves them to a network.
  private mutating func findMasks(_ networks: SegmenterOptions, _ note: (String) -> Void) throws {
    var isDoubtful = false
    func figure(of image: Image, _ owner: String, isPending: Bool) throws -> Mask {
      if isPending {
        return try Mask(
          width: image.width, height: image.height,
          values: [Float](repeating: 0, count: image.width * image.height))
      }
      let found = try image.figureMask()
      note(found.finding(of: owner))
      isDoubtful = isDoubtful || !found.isPlausible
      return found.mask
    }
    defer { hasDoubtfulMask = isDoubtful }
    if sketchMask == nil {
      pending.sketch = networks.isGiven
      sketchMask = try figure(of: sketch, "the sketch's", isPending: pending.sketch)
    }
    guard background == nil else { return }
    for index in references.indices where references[index].lacksMask {
      let isPending = networks.segmenter != nil
      if isPending { pending.references.append(index) }
      references[index].mask = try figure(of: references[index].picture, owner(index), isPending: isPending)
    }
  }

  /// Whose figure it is, in a sentence.
  private func owner(_ index: Int) -> String {
    references.count == 1 ? "the reference's" : "reference \(index + 1)'s"
  }

  private mutating func takeAlphaMasks(_ note: (String) -> Void) {
    if sketchMask == nil, sketch.hasAlphaOfLines {
      lacksMaskOfLines = true
    } else if sketchMask == nil {
      sketchMask = try? Mask(alphaOf: sketch)
      if sketchMask == nil { note("the sketch has no transparency to take a mask from") }
    }
    // A background picture says what the reference's mask would: both at once are one too many.
    guard background == nil else { return }
    for index in references.indices where references[index].lacksMask {
      references[index].mask = try? Mask(alphaOf: references[index].picture)
      if references[index].mask == nil {
        let name = references.count == 1 ? "the reference" : "reference \(index + 1)"
        note("\(name) has no transparency to take a mask from")
      }
    }
  }

  private static func load(_ path: String, _ option: String) throws -> (Image, ImageMetadata) {
    do {
      return try StandardStreams.load(path)
    } catch {
      throw ToolError.usage("\(option) \(error.description)")
    }
  }

  /// What is noted of them, beside what a request's run notes.
  ///
  /// - Parameter keepsAlpha: whether the result is to be cut out as the sketch is.
  func notes(keepsAlpha: Bool) -> [ColorizeNote] {
    lacksMaskOfLines || (keepsAlpha && sketch.hasAlphaOfLines) ? [.alphaOfLines] : []
  }

  /// The masks that are to be found and that a mode looks at.
  func pending(in mode: InferenceMode) -> PendingMasks {
    PendingMasks(
      sketch: pending.sketch && mode.needsSketchMask, references: mode.needsBackground ? pending.references : [])
  }

  /// Whether the modes `background` and `full` have what they need, and masks that were found are figures'.
  var allowsFull: Bool { sketchMask != nil && (hasReferenceMask || background != nil) && !hasDoubtfulMask }

  private var hasReferenceMask: Bool { references.contains { $0.mask != nil } }

  /// Gives a request its references and their masks.
  func apply(to request: inout ColorizeRequest) {
    request.sketchMask = sketchMask
    request.reference = .image(references[0].picture)
    request.referenceRegion = references[0].region
    request.referenceMask = references[0].mask
    request.furtherReferences = references.dropFirst().map {
      PlacedReference($0.picture, region: $0.region, mask: $0.mask)
    }
    request.background = background
  }

  /// What is given and not looked at in a mode.
  func unused(in mode: InferenceMode) -> [String] {
    var names: [String] = []
    if sketchMask != nil && !mode.needsSketchMask { names.append("the sketch's mask") }
    if hasReferenceMask && !mode.needsBackground { names.append("the reference's mask") }
    if background != nil && !mode.needsBackground { names.append("the background picture") }
    return names
  }
}

extension RunInputs.Reference {
  /// Whether its figure is to be found: that of one for a region is of no account, which may be a set or a detail.
  var lacksMask: Bool { mask == nil && region == nil }
}
