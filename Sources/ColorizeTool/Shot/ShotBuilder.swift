// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Shots

/// Makes a shot of the command's options.
struct ShotBuilder {
  let inputs: ShotInputOptions
  let run: ShotRunOptions
  let options: RequestOptions
  let mode: InferenceMode?
  let model: Model
  let modelOptions: ModelOptions

  /// The frames that are asked for, with their settings.
  func shot(note: (String) -> Void) throws -> Shot {
    do {
      return try build(note: note)
    } catch let error as ShotError {
      throw ToolError.usage(error.description)
    }
  }

  private func build(note: (String) -> Void) throws -> Shot {
    let output = try Self.named("--output") { try FramePattern(inputs.output) }
    let files = try FrameFiles(inputs.frames).files
    let sheet = try inputs.sheet.map { path in try Self.named("--sheet") { try ShotSheet(path: path) } }
    let base = try settings()
    let masks = try inputs.sketchMask.map { try companions("--sketch-mask", $0) }
    let references = try inputs.references.map { files in
      ReferencePatterns(
        files: files, reference: try companions("--reference", files.reference),
        region: try files.region.map { try companions("--region", $0) },
        mask: try files.mask.map { try companions("--reference-mask", $0) })
    }
    if references.count == 1, let region = references[0].files.region {
      throw ToolError.usage(
        "--region \(region): the only reference has a region, and nothing else colours the rest; leave it out, or give "
          + "another --reference")
    }
    let hints = try options.finish.hints.map { try strokes($0) }
    let backgrounds = try inputs.shared.background.map { try companions("--background", $0) }
    let palette = ["reference", "painting"].contains(options.finish.palette) ? nil : options.finish.palette
    var frames: [ShotFrame] = []
    for file in files {
      var frame = ShotFrame(
        number: file.number, label: file.label, sketch: file.path, reference: references[0].reference.path(for: file),
        settings: base,
        output: try output.path(number: file.number, name: file.name))
      frame.sketchMask = masks?.path(for: file)
      frame.referenceMask = references[0].mask?.path(for: file)
      frame.background = backgrounds?.path(for: file)
      frame.palette = palette
      frame.hints = hints?.path(for: file)
      var further = further(references, of: &frame, file)
      let set = try sheet?.apply(to: &frame, further: &further) ?? []
      frame.furtherReferences = further.compactMap(\.self)
      // The only one that is left colours all of it.
      if frame.furtherReferences.isEmpty { frame.referenceRegion = nil }
      if frame.reference == nil { frame.problem = "there is no \(inputs.reference[0]) for it" }
      if masks != nil, frame.sketchMask == nil { frame.problem = "there is no \(inputs.sketchMask ?? "") for it" }
      if mode == nil, !set.contains("mode") { frame.settings.mode = automaticMode(frame) }
      frames.append(frame)
    }
    if let sheet {
      let unused = sheet.unusedEntries(for: frames)
      if let first = unused.first { note("--sheet: \(unused.count) entries match no frame, the first is \(first)") }
    }
    for line in try idleNotes(of: frames).lines { note(line) }
    if let modes = Self.onlyMode(of: frames) {
      LoRAOptions.note(try modelOptions.additions.open(), in: modes, note: note)
    }
    frames = try selected(frames)
    let slash = inputs.output.lastIndex(of: "/").map { String(inputs.output[...$0]) } ?? ""
    var shot = Shot(frames: frames, manifest: run.manifest ?? "\(slash)shot.jsonl")
    shot.masks = inputs.shared.findsMasks ? .found : inputs.shared.alphaMasks ? .alpha : .given
    shot.agreesOnColors = run.consistency == .auto
    shot.approved = run.keys?.split(separator: ",").map(String.init) ?? []
    for path in shot.approved where FileName.kind(path) != .file {
      throw ToolError.usage(
        "--keys \(path): " + (FileName.kind(path) == .none ? "there is no such picture" : "it is no picture's file"))
    }
    shot.overwrites = options.output.replacing.overwrite
    shot.writer = try ShotFiles(options.finish, output: options.output, inputs: inputs, frames: frames).writer
    return shot
  }

  /// One of several references, for all frames.
  private struct ReferencePatterns {
    let files: ReferenceFiles
    let reference: FrameCompanions
    let region: FrameCompanions?
    let mask: FrameCompanions?
  }

  /// The references after the first, each in its place; the first one's region is set. In a frame without a reference's
  /// region that reference has nothing to colour, and is left out.
  private func further(
    _ references: [ReferencePatterns], of frame: inout ShotFrame, _ file: FrameFile
  ) -> [ShotReference?] {
    frame.referenceRegion = references[0].region?.path(for: file)
    return references.dropFirst().map { patterns in
      let region = patterns.region?.path(for: file)
      if patterns.region != nil, region == nil { return nil }
      guard let path = patterns.reference.path(for: file) else {
        frame.problem = "there is no \(patterns.files.reference) for it"
        return nil
      }
      return ShotReference(path, region: region, mask: patterns.mask?.path(for: file))
    }
  }

  /// What is given and does nothing in any frame.
  private func idleNotes(of frames: [ShotFrame]) throws -> IdleNotes {
    let blank = try Image(width: 8, height: 8, color: [255])
    var idle: [IdleOption]?
    for frame in frames {
      var request = ColorizeRequest(sketch: blank, reference: .image(blank), settings: frame.settings)
      request.palette = frame.palette.map { _ in Palette([]) }
      request.hints = frame.hints.map { _ in blank }
      let options = request.idleOptions(for: model)
      idle = idle?.filter(options.contains) ?? options
      if idle == [] { break }
    }
    var notes = IdleNotes(idle ?? [], settings: frames.first?.settings ?? ColorizeSettings())
    notes.add(options.finish, inputs.shared.segmentation, options.strengths.texts, modelOptions)
    let shared = inputs.shared
    notes.add(
      [("--alpha-masks", shared.alphaMasks && shared.findsMasks)], "masks that are not given are found by other means")
    if let mode = Self.onlyMode(of: frames) {
      notes.add(
        [
          ("--sketch-mask", inputs.sketchMask != nil && !mode.needsSketchMask),
          ("--reference-mask", !inputs.referenceMask.isEmpty && !mode.needsBackground),
          ("--background", shared.background != nil && !mode.needsBackground),
          ("--masks", shared.masks == .auto && !mode.needsSketchMask),
          ("--alpha-masks", shared.alphaMasks && !shared.findsMasks && !mode.needsSketchMask),
          ("--segmenter", shared.segmentation.segmenter != nil && !mode.needsSketchMask),
          ("--sketch-segmenter", shared.segmentation.sketchSegmenter != nil && !mode.needsSketchMask),
        ], "mode \(mode.rawValue) does not use \(mode == .vanilla ? "masks" : "what they are for")")
    }
    return notes
  }

  /// The mode of all frames; nil where they have several.
  private static func onlyMode(of frames: [ShotFrame]) -> InferenceMode? {
    let modes = Set(frames.map(\.settings.mode))
    return modes.count == 1 ? modes.first : nil
  }

  /// Does something with an option's value, and names the option where it fails.
  private static func named<R>(_ option: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as ShotError {
      throw ToolError.usage("\(option) \(error.description)")
    }
  }

  private func companions(_ option: String, _ pattern: String) throws -> FrameCompanions {
    do {
      return try FrameCompanions(pattern)
    } catch {
      throw ToolError.usage("\(option) \(error)")
    }
  }

  /// The hints of frames: a frame without is coloured without.
  private func strokes(_ pattern: String) throws -> FrameCompanions {
    guard try FramePattern(pattern).hasPlace else {
      throw ToolError.usage(
        "--hints \(pattern): strokes lie on one drawing; give a pattern, as in 'cut/hints/####.png', or name the file in "
          + "--sheet for its frame")
    }
    return try companions("--hints", pattern)
  }

  /// The settings that all frames have unless the sheet says otherwise.
  private func settings() throws -> ColorizeSettings {
    guard options.output.count == 1 else {
      throw ToolError.usage("--count is \(options.output.count); a shot has one picture for each frame, leave it out")
    }
    guard options.output.previews == nil else {
      throw ToolError.usage("--previews are for single pictures; leave it out")
    }
    // A picture stands in for all frames': only the settings are looked at.
    let blank = try Image(width: 8, height: 8, color: [255])
    var request = ColorizeRequest(sketch: blank, reference: blank)
    request.polarity = inputs.shared.polarity.polarity
    request.preparation = try inputs.shared.preparation
    request.mode = mode ?? .vanilla
    try options.apply(to: &request, model: model)
    try request.settings.validate()
    if let mode, !model.supports(mode) {
      throw ColorizeError.unsupportedMode(mode: mode, model: model.name)
    }
    return request.settings
  }

  private func automaticMode(_ frame: ShotFrame) -> InferenceMode {
    let masks = inputs.shared.findsMasks || inputs.shared.alphaMasks
    let hasSketch = frame.sketchMask != nil || masks
    let hasMask = frame.referenceMask != nil || frame.furtherReferences.contains { $0.mask != nil }
    let hasReference = hasMask || frame.background != nil || masks
    return hasSketch && hasReference && model.supports(.full) ? .full : .vanilla
  }

  /// The frames of the selection and of the shard.
  private func selected(_ frames: [ShotFrame]) throws -> [ShotFrame] {
    var frames = frames
    if let text = run.frames {
      let selection = try Self.named("--frames") { try FrameSelection(text) }
      guard frames.allSatisfy({ $0.number != nil }) else {
        throw ToolError.usage("--frames \(text): the frames' names have no numbers to choose them by")
      }
      frames = frames.filter { $0.number.map(selection.contains) ?? false }
      guard !frames.isEmpty else { throw ToolError.usage("--frames \(text): there is no such frame") }
    }
    if let text = run.shard {
      let shard = try Self.named("--shard") { try Shard(text) }
      frames = frames.filter { frame in
        do {
          return try shard.contains(sketch: frame.sketch)
        } catch {
          // Somebody has to say that it cannot be read.
          return shard.index == 1
        }
      }
    }
    return frames
  }
}
