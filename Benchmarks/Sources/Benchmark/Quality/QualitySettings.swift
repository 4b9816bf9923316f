// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import Foundation

/// What the group `quality` measures, and where its pictures go.
struct QualitySettings: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Modes of the group quality. (default: all that the model has)")
  var modes: [InferenceMode] = []
  @Option(help: "Pictures of each pair and mode in the group quality, each from a seed of its own, 1 to 16.")
  var seeds = 2
  @Option(help: "Pairs of the group quality, taken evenly from all.")
  var limit: Int?
  @Option(
    name: .customLong("pairs"), parsing: .upToNextOption,
    help: "Only pairs of the group quality whose name starts so: drawings, cels, mascots, cels-1.")
  var prefixes: [String] = []
  @Option(
    help: ArgumentHelp("The pairs of the group quality. (default: those beside the sources)", valueName: "folder"))
  var data: String?
  @Option(
    help: ArgumentHelp(
      "Write the group quality's pictures there: sketch, reference, truth, then painting and flats of each mode.",
      valueName: "png"))
  var sheet: String?
  @Option(
    help: ArgumentHelp(
      "Write the group quality's pictures there one by one: of each pair and mode that of the first seed, and the "
        + "regions that flats have, each of another colour.", valueName: "folder"))
  var pictures: String?
  @Flag(help: "Leave out the flats in the group quality: paintings only.")
  var noFlats = false

  func validate() throws {
    guard (1...16).contains(seeds) else { throw ValidationError("--seeds is \(seeds), expected 1 to 16") }
    guard limit ?? 1 >= 1 else { throw ValidationError("--limit is \(limit ?? 1), expected 1 or more") }
    if let pictures, !FileManager.default.isWritableFile(atPath: pictures) {
      throw ValidationError("--pictures \(pictures): the folder does not exist or cannot be written to")
    }
    if let sheet {
      guard sheet.lowercased().hasSuffix(".png") else {
        throw ValidationError("--sheet \(sheet): expected a name that ends in .png")
      }
      let folder = URL(fileURLWithPath: sheet).deletingLastPathComponent().path
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw ValidationError("--sheet \(sheet): the folder \(folder) does not exist or cannot be written to")
      }
    }
  }

  /// The folder of the pairs.
  var folder: String {
    // Of the sources that this was built from: .../Benchmarks/Sources/Benchmark/Quality/QualitySettings.swift.
    data
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../data/quality").standardizedFileURL.path
  }
}

extension InferenceMode: @retroactive ExpressibleByArgument {}
