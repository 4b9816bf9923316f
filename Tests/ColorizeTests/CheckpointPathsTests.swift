// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Where the weights of a checkpoint are found.
struct CheckpointPathsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A checkpoint of one number under each key.
  private func write(_ name: String, keys: [String] = []) throws {
    let writer = try SafetensorsWriter(
      path: folder.file(name), tensors: keys.map { .init(key: $0, dtype: .f32, shape: [1]) })
    for key in keys { try [Float(1)].withUnsafeBytes { try writer.write(key, $0) } }
    try writer.finish()
  }

  private func load(_ name: String = "") throws -> Model {
    try Model.load(name.isEmpty ? folder.path : folder.file(name), configuration: .given(.v1_5))
  }

  private func failure(_ name: String = "") -> String {
    do {
      _ = try load(name)
      return "loaded"
    } catch { return "\(error)" }
  }

  @Test func theOnlyFileOfAFolder() throws {
    try write("switch-eps.safetensors", keys: ["model.diffusion_model.a"])
    let model = try load()
    #expect(model.weights.keys == ["model.diffusion_model.a"])
    #expect(model.configuration.prediction == .eps && model.isPredictionGuessed)
    try write("other.safetensors")
    #expect(
      failure().contains("it holds 2 safetensors files (other.safetensors, switch-eps.safetensors)")
    )
    try write("model.safetensors", keys: ["b"])
    #expect(try load().weights.keys == ["b"])
  }

  @Test func foldersWithoutWeights() throws {
    #expect(failure().contains("it holds no safetensors file"))
    try folder.put([1], as: "mult.ckpt")
    #expect(failure().contains("mult.ckpt: the file has 1 bytes"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("model.safetensors"), withDestinationPath: "../blobs/gone")
    #expect(failure().contains("a link to ../blobs/gone"))
  }

  @Test(arguments: [
    "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json", "",
  ])
  func shardsAreReadWhole(name: String) throws {
    try write("m-00001-of-00002.safetensors", keys: ["a", "b"])
    try write("m-00002-of-00002.safetensors", keys: ["c"])
    let map =
      #"{"weight_map":{"a":"m-00001-of-00002.safetensors","c":"m-00002-of-00002.safetensors"}}"#
    try folder.put(Array(map.utf8), as: "m.safetensors.index.json")
    #expect(try load(name).weights.keys == ["a", "b", "c"])
    try FileManager.default.removeItem(atPath: folder.file("m-00002-of-00002.safetensors"))
    if name != "m-00002-of-00002.safetensors" {
      #expect(
        failure(name).contains("of which 1 are not there: m-00002-of-00002.safetensors"),
        "\(failure(name))")
    }
  }

  /// As PyTorch's users part them; the files are those of PyTorch.
  @Test(arguments: ["p-00001-of-00002.bin", "p-00002-of-00002.bin", "pytorch_model.bin.index.json", ""])
  func shardsOfPyTorchAreReadWhole(name: String) throws {
    let fixtures = try #require(Bundle.module.resourcePath) + "/Fixtures/shards"
    for file in ["p-00001-of-00002.bin", "p-00002-of-00002.bin"] {
      try FileManager.default.copyItem(atPath: "\(fixtures)/\(file)", toPath: folder.file(file))
    }
    let map = #"{"weight_map":{"a":"p-00001-of-00002.bin","b":"p-00002-of-00002.bin"}}"#
    try folder.put(Array(map.utf8), as: "pytorch_model.bin.index.json")
    #expect(try load(name).weights.keys == ["a", "b"])
    if name.isEmpty {
      // Without an index the names say it.
      try FileManager.default.removeItem(atPath: folder.file("pytorch_model.bin.index.json"))
      #expect(try load().weights.keys == ["a", "b"])
    }
    try FileManager.default.removeItem(atPath: folder.file("p-00001-of-00002.bin"))
    #expect(name == "p-00001-of-00002.bin" || failure(name).contains("not there: p-00001-of-00002.bin"))
  }

  @Test func indexesThatAreNone() throws {
    for content in ["", "{}", "[1]", #"{"weight_map":{}}"#, #"{"weight_map":{"a":1}}"#] {
      try folder.put(Array(content.utf8), as: "m.safetensors.index.json")
      #expect(failure("m.safetensors.index.json").contains("no list of them"))
    }
    for name in ["../x.safetensors", "/etc/passwd", "a/../../x", "a//b", ".hidden", "a/", ""] {
      try folder.put(Array(#"{"weight_map":{"a":"\#(name)"}}"#.utf8), as: "m.safetensors.index.json")
      #expect(failure("m.safetensors.index.json").contains("which does not lie beside it"), "\(name)")
    }
    let many = (0..<1000).map { #""\#($0)":"\#($0)""# }.joined(separator: ",")
    try folder.put(Array(#"{"weight_map":{\#(many)}}"#.utf8), as: "m.safetensors.index.json")
    #expect(failure("m.safetensors.index.json").contains("1000 files"))
  }

  @Test func shardsInFoldersBesideTheIndex() throws {
    try FileManager.default.createDirectory(atPath: folder.file("parts"), withIntermediateDirectories: true)
    try write("parts/one.safetensors", keys: ["a"])
    try write("two.safetensors", keys: ["b"])
    let map = #"{"weight_map":{"a":"./parts/one.safetensors","b":"./two.safetensors"}}"#
    try folder.put(Array(map.utf8), as: "m.safetensors.index.json")
    #expect(try load("m.safetensors.index.json").weights.keys == ["a", "b"])
  }

  /// Of a tensor that two files hold, the one that the index names is taken.
  @Test func theIndexDecides() throws {
    try write("one.safetensors", keys: ["a", "b"])
    try write("two.safetensors", keys: ["b", "c"])
    // What the index says of c is not so: there is one of it only.
    let map = #"{"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"one.safetensors"}}"#
    try folder.put(Array(map.utf8), as: "m.safetensors.index.json")
    for weights in [
      try load("m.safetensors.index.json").weights, try Model.weights(folder.file("m.safetensors.index.json")),
    ] {
      #expect(weights.keys == ["a", "b", "c"])
      #expect(weights["b"]?.file.name == folder.file("two.safetensors"))
      #expect(weights["c"]?.file.name == folder.file("two.safetensors"))
      #expect(weights.shadowed.map(\.file) == [folder.file("one.safetensors")])
    }
  }

  /// What Macs put beside files is none of them, and endings are endings in any case.
  @Test func otherNames() throws {
    try write("X.SAFETENSORS", keys: ["a"])
    try folder.put([0, 5, 0x16, 7], as: "._X.SAFETENSORS")
    #expect(try load().weights.keys == ["a"])
    try folder.put([0, 5, 0x16, 7], as: "._model.safetensors")
    #expect(try load().weights.keys == ["a"])
  }

  @Test func foldersWithoutWeightsSayWhatTheyHold() throws {
    try folder.put([1], as: "model.safetensors.part")
    #expect(failure("").contains("a download that is not finished (model.safetensors.part)"))
    try folder.put(Array("{}".utf8), as: "model_index.json")
    #expect(failure("").contains("a model of Diffusers"))
  }

  @Test func wrappedKeysAreBare() throws {
    try write(
      "w.safetensors", keys: ["module.model.diffusion_model.a", "module.control_encoder.b"])
    #expect(
      try load("w.safetensors").weights.keys == ["control_encoder.b", "model.diffusion_model.a"])
  }

  @Test func averagesAreTaken() throws {
    let wanted = try ColorizationNetwork.parameters(of: .v1_5).map(\.key).first {
      $0.hasPrefix("model.diffusion_")
    }
    let key = try #require(wanted)
    try write("e.safetensors", keys: ["model_ema." + key.dropFirst(6).filter { $0 != "." }])
    #expect(try load("e.safetensors").weights.keys == [key])
    try write(
      "w.safetensors", keys: ["module.model_ema." + key.dropFirst(6).filter { $0 != "." }, "module.control_encoder.b"])
    let model = try load("w.safetensors")
    #expect(model.weights.keys == ["control_encoder.b", key] && model.usesMovingAverages)
  }

  @Test func aMarkBeforeTheConfiguration() throws {
    try write("m.safetensors")
    let text = try JSONEncoder().encode(ModelConfiguration.v1_5)
    try folder.put([0xEF, 0xBB, 0xBF] + [UInt8](text), as: "config.json")
    #expect(try Model.load(folder.file("m.safetensors")).configuration == .v1_5)
  }
}
