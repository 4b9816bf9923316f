// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// What a checkpoint's file, its name and its configuration say.
struct ModelFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A checkpoint without content: opening it reads names only.
  private func checkpoint(_ name: String) throws -> String {
    let path = folder.file(name)
    let writer = try SafetensorsWriter(path: path, tensors: [])
    try writer.finish()
    return path
  }

  @Test(arguments: [
    ("mult.safetensors", PredictionType.v), ("switch_eps.safetensors", .eps), ("EPS-v1.safetensors", .eps),
    ("switch-eps.safetensors", .eps), ("e.p.s.safetensors", .v), ("keeps.safetensors", .v),
  ])
  func theNameSaysWhatIsPredicted(name: String, prediction: PredictionType) throws {
    let path = try checkpoint(name)
    #expect(try Model.load(path, configuration: .given(.v1_5)).configuration.prediction == prediction)
  }

  @Test func theNameIsTheLeastOfThreeWords() throws {
    let path = try checkpoint("eps.safetensors")
    #expect(try Model.load(path, configuration: .given(.v1_5), prediction: .v).configuration.prediction == .v)
    let config = folder.file("config.json")
    try JSONEncoder().encode(ModelConfiguration.v1_5).write(to: URL(fileURLWithPath: config))
    #expect(try Model.load(path).configuration.prediction == .v)
    #expect(try Model.load(path, configuration: .file(config)).configuration.prediction == .v)
    #expect(try Model.load(path, prediction: .eps).configuration.prediction == .eps)
  }

  @Test func theNamesOfFoldersSayNothing() throws {
    let below = folder.file("eps")
    try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
    _ = try checkpoint("eps/model.safetensors")
    for path in [below, below + "/model.safetensors"] {
      #expect(try Model.load(path, configuration: .given(.v1_5)).configuration.prediction == .v)
    }
  }
}
