// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Shots
import Synchronization

/// Looks at files that several frames share once.
private final class InputFiles: Sendable {
  private let known = Mutex<[String: InputFile?]>([:])

  func look(_ path: String, isPicture: Bool) -> InputFile? {
    if let file = known.withLock({ $0[path] }) { return file }
    let file = InputFile(path, isPicture: isPicture)
    known.withLock { $0[path] = .some(file) }
    return file
  }
}

/// The files of each frame: the picture, and what else is asked for.
struct ShotFiles {
  let writer: ShotWriter

  /// What the options ask for, apart from the frames.
  private struct Wish: Sendable {
    let format: ImageFormat
    let bitsPerSample: Int
    let keepsAlpha: Bool
    let leavesOutMetadata: Bool
    let flats: FramePattern?
    let regions: FramePattern?
    let layers: [FramePattern]
    let layering: FlatLayering
    let alphaMasks: Bool
    let foundMasks: Bool?
    let extractor: String?
    let segmenter: String?
    let sketchSegmenter: String?
    let segmenterInput: FigureSegmenter.Input?
    /// What tells the inputs from other files.
    let inputs = InputFiles()

    /// Stands for them in the frames' keys.
    var signature: String {
      ([
        "tool 1", "\(format)", bitsPerSample == 8 ? "" : "\(bitsPerSample) bits", keepsAlpha ? "alpha" : "",
        leavesOutMetadata ? "bare" : "",
      ]
        + [flats.map { _ in "flats" } ?? "", regions.map { _ in "regions" } ?? ""]
        + layers.map { "layers \(layering) \(Self.ending($0.description))" })
        .filter { !$0.isEmpty }.joined(separator: ",")
    }

    private static func ending(_ path: String) -> String {
      path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    }
  }

  init(_ finish: FinishOptions, output: OutputOptions, inputs: ShotInputOptions, frames: [ShotFrame]) throws {
    func png(_ option: String, _ path: String?) throws -> FramePattern? {
      guard let path else { return nil }
      guard path.lowercased().hasSuffix(".png"), path.count > 4 else {
        throw ToolError.usage("\(option) \(path): it is written as PNG; give a path that ends in .png")
      }
      return try FramePattern(path)
    }
    let format: ImageFormat
    do {
      format = try ImageFormat(pathExtensionOf: inputs.output)
    } catch {
      throw ToolError.usage("--output \(error.description)")
    }
    if output.keepAlpha, format.codec?.keepsAlpha != true {
      throw ToolError.usage("--keep-alpha: \(format) has no transparency; give --output a name that ends in .png")
    }
    if let depths = format.codec?.bitDepths, !depths.contains(output.bits.rawValue) {
      throw ToolError.usage(
        "--bits \(output.bits.rawValue): \(format) has no such samples; give --output a name that ends in .png or .tif")
    }
    for path in finish.layers {
      do {
        _ = try LayeredFormat(pathExtensionOf: path)
      } catch {
        throw ToolError.usage("--layers \(error)")
      }
    }
    let wish = Wish(
      format: format, bitsPerSample: output.bits.rawValue, keepsAlpha: output.keepAlpha,
      leavesOutMetadata: output.leavesOutMetadata,
      flats: try png("--flats", finish.flats),
      regions: try png("--regions", finish.regions), layers: try finish.layers.map { try FramePattern($0) },
      layering: finish.layersBy, alphaMasks: inputs.shared.alphaMasks,
      foundMasks: inputs.shared.findsMasks ? true : nil,
      extractor: inputs.shared.extraction.extractor, segmenter: inputs.shared.segmentation.segmenter,
      sketchSegmenter: inputs.shared.segmentation.sketchSegmenter,
      segmenterInput: inputs.shared.segmentation.isGiven ? inputs.shared.segmentation.segmenterInput : nil)
    writer = ShotWriter(signature: wish.signature) { frame in
      try Self.paths(wish, frame)
    } encode: { frame, sketch, result in
      try Self.encode(wish, frame, sketch, result)
    }
  }

  private static func path(_ pattern: FramePattern, _ frame: ShotFrame) throws -> String {
    try pattern.path(number: frame.number, name: frame.name)
  }

  private static func paths(_ wish: Wish, _ frame: ShotFrame) throws -> [String] {
    var paths = [frame.output]
    if let flats = wish.flats { paths.append(try path(flats, frame)) }
    if let regions = wish.regions {
      let map = try path(regions, frame)
      paths += [map, document(map)]
    }
    return paths + (try wish.layers.map { try path($0, frame) })
  }

  /// The path of the JSON beside a region map.
  private static func document(_ path: String) -> String { path.dropLast(4) + ".json" }

  private static func encode(
    _ wish: Wish, _ frame: ShotFrame, _ sketch: FrameSketch, _ result: ColorizeResult
  ) throws -> [(path: String, bytes: [UInt8])] {
    let picture = result.pictures[0]
    let resolution =
      wish.leavesOutMetadata
      ? nil : sketch.metadata.resolution?.scaled(from: sketch.image.size, to: picture.image.size)
    // Lines on transparent paper would cut all colours out.
    let isCutOut = wish.keepsAlpha && !sketch.image.hasAlphaOfLines
    let image = isCutOut ? try picture.image.withAlpha(of: sketch.image) : picture.image
    var names = InputNames(
      sketch: frame.sketch, reference: frame.reference ?? "", sketchMask: frame.sketchMask,
      referenceMask: frame.referenceMask, background: frame.background, alphaMasks: wish.alphaMasks,
      foundMasks: wish.foundMasks, referenceRegion: frame.referenceRegion,
      furtherReferences: frame.furtherReferences.isEmpty
        ? nil
        : frame.furtherReferences.map { ReferenceFiles(reference: $0.reference, region: $0.region, mask: $0.mask) },
      palette: frame.palette, extractor: wish.extractor, segmenter: wish.segmenter,
      sketchSegmenter: wish.sketchSegmenter, segmenterInput: wish.segmenterInput)
    names.hints = frame.hints
    if !wish.leavesOutMetadata { names = names.identified(from: frame.output, by: wish.inputs.look) }
    let text = wish.leavesOutMetadata ? [] : try StoredOptions(result.summary, inputs: names, picture: 0).pngText()
    let bytes = try image.data(
      as: wish.format, ImageEncoding(text: text, resolution: resolution, bitsPerSample: wish.bitsPerSample))
    var files = [(path: frame.output, bytes: bytes)]
    guard let flats = picture.flats else { return files }
    if let pattern = wish.flats { files.append((try path(pattern, frame), try flats.pngData())) }
    if let pattern = wish.regions {
      let map = try path(pattern, frame)
      files += [(map, try flats.map.pngData()), (document(map), try flats.jsonData())]
    }
    guard !wish.layers.isEmpty else { return files }
    let layered = try LayeredPicture(
      picture, settings: result.summary.settings, polarity: result.summary.polarity, by: wish.layering,
      resolution: resolution?.horizontal)
    for pattern in wish.layers {
      let path = try path(pattern, frame)
      files.append((path, try layered.data(as: LayeredFormat(pathExtensionOf: path))))
    }
    return files
  }
}
