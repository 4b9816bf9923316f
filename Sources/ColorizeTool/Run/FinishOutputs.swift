// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import LayeredPictures

/// The files beside the pictures: flats, region maps and layers.
struct FinishOutputs {
  private let flats: OutputPlan?
  private let regions: OutputPlan?
  private let layers: [OutputPlan]
  private let layering: FlatLayering

  /// Finds the files' names, and faults in them.
  init(_ options: FinishOptions, count: Int) throws {
    func png(_ option: String, _ path: String?) throws -> OutputPlan? {
      guard let path else { return nil }
      guard path.lowercased().hasSuffix(".png"), path.count > 4 else {
        throw ToolError.usage("\(option) \(path): it is written as PNG; give a path that ends in .png")
      }
      return OutputPlan(path: path, count: count)
    }
    flats = try png("--flats", options.flats)
    regions = try png("--regions", options.regions)
    layers = try options.layers.map { path in
      do {
        _ = try LayeredFormat(pathExtensionOf: path)
      } catch {
        throw ToolError.usage("--layers \(error)")
      }
      return OutputPlan(path: path, count: count)
    }
    layering = options.layersBy
  }

  /// Every file, by the option that asks for it.
  private var files: [(option: String, paths: [String])] {
    var files: [(String, [String])] = []
    if let flats { files.append(("--flats", flats.paths)) }
    if let regions { files.append(("--regions", regions.paths + regions.paths.map(Self.document))) }
    for plan in layers { files.append(("--layers", plan.paths)) }
    return files
  }

  /// The paths of all files.
  var paths: [String] { files.flatMap(\.paths) }

  /// The path of the JSON beside a region map.
  private static func document(_ path: String) -> String { path.dropLast(4) + ".json" }

  /// Checks that the files can be written, and that no two are the same.
  ///
  /// - Parameter pictures: what else is written.
  func check(overwrite: Bool, inputs: [String], pictures: [String]) throws {
    var taken = Set(pictures.map(FileName.resolved))
    for (option, paths) in files {
      try OutputCheck(option: option, overwrite: overwrite, inputs: inputs).check(paths)
      for path in paths where !taken.insert(FileName.resolved(path)).inserted {
        throw ToolError.usage("\(option) \(path): another file is written there too; give another path")
      }
    }
  }

  /// Checks that the layers of each region have room in their files, before a picture is made for them.
  func checkLayers(of request: ColorizeRequest, for model: Model) throws {
    guard layering == .region, let path = layers.first?.paths.first else { return }
    let limit = try layers.flatMap(\.paths).map { try LayeredFormat(pathExtensionOf: $0).maximumLayerCount }.min() ?? 0
    // Besides the regions' own: background, group, painting and lines of both kinds.
    let count = try request.regionMap(for: model).regions.count + 6
    guard count > limit else { return }
    throw ToolError.usage(
      "--layers \(path): the drawing has \(count - 6) regions, and the file holds \(limit) layers; say --layers-by colour, "
        + "or a larger --least-area")
  }

  /// Writes what belongs to one picture.
  ///
  /// - Parameters:
  ///   - resolution: that of the picture, for its layers.
  ///   - files: writes them.
  func write(
    _ picture: ColorizeResult.Picture, index: Int, summary: ColorizeResult.Summary, resolution: ImageResolution?,
    files: OutputFiles
  ) throws {
    guard let flats = picture.flats else { return }
    func write(_ path: String, _ bytes: [UInt8]) throws {
      try files.write(path) { try AtomicFile.write(bytes, to: $0, existing: $1) }
    }
    if let plan = self.flats { try write(plan.paths[index], flats.pngData()) }
    if let plan = regions {
      try write(plan.paths[index], flats.map.pngData())
      try write(Self.document(plan.paths[index]), flats.jsonData())
    }
    guard !layers.isEmpty else { return }
    let layered = try LayeredPicture(
      picture, settings: summary.settings, polarity: summary.polarity, by: layering, resolution: resolution?.horizontal)
    for plan in layers {
      try Task.checkCancellation()
      try files.write(plan.paths[index]) { try layered.write(to: $0, existing: $1) }
    }
  }
}
