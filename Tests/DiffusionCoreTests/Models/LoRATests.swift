// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

@Suite struct LoRATests {
  let folder: TemporaryFolder
  let base: WeightSource
  let configuration = TinyNetwork.configuration

  init() throws {
    folder = try TemporaryFolder()
    try TinyNetwork.write(to: folder.file("base.safetensors"))
    base = WeightSource(try SafetensorsFile(path: folder.file("base.safetensors")))
  }

  typealias Tensor = (key: String, shape: [Int], values: [Float])

  /// Seeded numbers of a shape.
  func tensor(_ key: String, _ shape: [Int], as seed: String? = nil) -> Tensor {
    (key, shape, SeededParameters.values(seed ?? key, shape: Shape(shape)))
  }

  func lora(_ tensors: [Tensor], name: String = "a.safetensors") throws -> LoRAFile {
    try LoRAFile(SafetensorsFile.inMemory(tensors, name: name))
  }

  var modules: [(name: String, inputs: Int, outputs: Int)] {
    get throws {
      try ColorizationNetwork.parameters(of: configuration).filter { $0.key.hasSuffix(".lora_down_fg.weight") }.map {
        let module = String($0.key.dropLast(".lora_down_fg.weight".count))
        return (module, $0.shape[1], try #require(base["\(module).weight"]).entry.shape[0])
      }
    }
  }

  func branches(_ kind: String, rank: Int, seed: String = "") throws -> [Tensor] {
    try modules.flatMap { module, inputs, outputs in
      [
        tensor("\(module).lora_down_\(kind).weight", [rank, inputs], as: seed + module),
        tensor("\(module).lora_up_\(kind).weight", [outputs, rank], as: module + seed),
      ]
    }
  }

  /// What a branch adds to a weight: `up down`.
  func product(_ module: String, _ kind: String, _ source: WeightSource) throws -> [Float] {
    let (down, up) = ("\(module).lora_down_\(kind).weight", "\(module).lora_up_\(kind).weight")
    let (rank, inputs) = try (#require(source[down]).entry.shape[0], #require(source[down]).entry.shape[1])
    let outputs = try #require(source[up]).entry.shape[0]
    let (d, u) = (try source.floats(of: down), try source.floats(of: up))
    return (0..<outputs * inputs).map { index in
      (0..<rank).reduce(Float(0)) { $0 + u[index / inputs * rank + $1] * d[$1 * inputs + index % inputs] }
    }
  }

  @Test func branchesOfSeveralFilesAddUp() throws {
    let first = try lora(branches("fg", rank: 3) + branches("bg", rank: 2))
    let second = try lora(branches("fg", rank: 1, seed: "b"))
    let (weights, merged) = try base.adding(
      [LoRAUse(first, scale: 0.5), LoRAUse(second, scale: -2)], configuration: configuration)
    #expect(
      merged.lora
        == LoRAConfiguration(
          foreground: .sum([.rank(4), .rank(3), .rank(1)]), background: .sum([.fraction(0.5), .rank(2)])))
    for module in try modules {
      let sum = try product(module.name, "fg", weights)
      let parts = try (
        product(module.name, "fg", base), product(module.name, "fg", WeightSource(first.file)),
        product(module.name, "fg", WeightSource(second.file))
      )
      for index in sum.indices {
        let expected = parts.0[index] + 0.5 * parts.1[index] - 2 * parts.2[index]
        // Sums of at most 8 products of numbers below 3.
        #expect(abs(sum[index] - expected) < 1e-4)
      }
    }
    // What comes out loads as any model does.
    let (network, report) = try ColorizationNetwork.load(weights, configuration: merged, backend: CPUBackend())
    #expect(report.isComplete && network.split != nil)
    // And can be added to again.
    let again = try weights.adding([LoRAUse(second)], configuration: merged)
    #expect(again.configuration.lora?.foreground == .sum([.rank(4), .rank(3), .rank(1), .rank(1)]))
  }

  @Test func differencesAndWeightsAreAdded() throws {
    let (changed, given) = ("thresh_embedder.embed_layer.0.bias", "thresh_embedder.embed_layer.2.bias")
    let shape = try #require(base[changed]).entry.shape
    let other = tensor(given, shape, as: "other")
    let file = try lora([tensor(changed + ".diff", shape), other])
    let (weights, merged) = try base.adding([LoRAUse(file, scale: 0.25)], configuration: configuration)
    #expect(merged == configuration)
    let difference = try file.file.floats(of: changed + ".diff")
    #expect(try weights.floats(of: changed) == zip(base.floats(of: changed), difference).map { $0 + 0.25 * $1 })
    #expect(try weights.floats(of: given) == zip(base.floats(of: given), other.values).map { $0 + 0.25 * ($1 - $0) })
    // At its full strength a weight is what the file has, to the bit.
    let whole = try base.adding([LoRAUse(file)], configuration: configuration).weights
    #expect(try whole.floats(of: given) == other.values)
    // All else is where it was.
    #expect(whole["control_encoder.model.0.weight"]?.file === base.files[0])
  }

  @Test func aModelForTheVanillaModeAloneIsToldWhatItLacks() throws {
    try TinyNetwork.write(to: folder.file("vanilla.safetensors"), withSplit: false)
    let vanilla = WeightSource(try SafetensorsFile(path: folder.file("vanilla.safetensors")))
    let file = try lora(branches("fg", rank: 2))
    #expect(throws: LoRAError.self) { try vanilla.adding([LoRAUse(file)], configuration: configuration) }
    let parts: [Tensor] = try ColorizationNetwork.parameters(of: configuration).filter {
      $0.key.hasPrefix("transformer.") || $0.key.hasPrefix("thresh_embedder.")
    }.map { tensor($0.key, $0.shape.extents) }
    let (weights, merged) = try vanilla.adding(
      [LoRAUse(lora(branches("fg", rank: 2) + parts))], configuration: configuration)
    #expect(merged.lora == LoRAConfiguration(foreground: .rank(2), background: .rank(1)))
    let loaded = try ColorizationNetwork.load(weights, configuration: merged, backend: CPUBackend())
    #expect(loaded.report.isComplete)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let module = try modules[0]
    let (down, up) = ("\(module.name).lora_down_fg.weight", "\(module.name).lora_up_fg.weight")
    func fault(_ tensors: [Tensor]) -> String? {
      do {
        _ = try base.adding([LoRAUse(lora(tensors))], configuration: configuration)
        return nil
      } catch { return "\(error)" }
    }
    func pair(_ inputs: Int, _ outputs: Int, rank: Int = 2) -> [Tensor] {
      [tensor(down, [rank, inputs]), tensor(up, [outputs, rank])]
    }
    #expect(fault(pair(module.inputs, module.outputs)) == nil)
    #expect(fault(pair(module.inputs + 1, module.outputs))?.contains(down) == true)
    #expect(fault(pair(module.inputs, module.outputs + 1))?.contains(up) == true)
    #expect(fault([tensor(down, [2, module.inputs]), tensor(up, [module.outputs, 3])])?.contains(up) == true)
    #expect(fault([tensor(down, [2, module.inputs])])?.contains(up) == true)
    #expect(fault([tensor(up, [module.outputs, 2])])?.contains(down) == true)
    #expect(
      fault(pair(module.inputs, module.outputs) + [tensor("nothing.known", [1])])?.contains("nothing.known") == true)
    #expect(fault([tensor("nothing.known.diff", [1])])?.contains("nothing.known") == true)
    #expect(
      fault([tensor("thresh_embedder.embed_layer.0.bias.diff", [1])])?.contains("embed_layer.0.bias.diff") == true)
    #expect(fault([tensor("lora_unet_a.lora_up.weight", [1])])?.contains("no additions") == true)
    #expect(fault([tensor("model.diffusion_model.out.2.bias", [3])])?.contains("--model") == true)
    var poisoned = pair(module.inputs, module.outputs)
    poisoned[1].values[0] = .nan
    #expect(fault(poisoned)?.contains(up) == true)
    #expect(throws: LoRAError.self) { try LoRAUse(lora(pair(1, 1)), scale: .nan) }
  }

  @Test func filesAreToldApart() throws {
    #expect(!LoRAFile.resembles(base.files[0]))
    #expect(try LoRAFile.resembles(lora(branches("fg", rank: 1)).file))
    #expect(try !LoRAFile.resembles(SafetensorsFile.inMemory([tensor("a", [1])], name: "x")))
  }

  @Test func ranksAreFound() throws {
    #expect(try lora(branches("fg", rank: 3)).ranks.foreground == .rank(3))
    #expect(try lora(branches("fg", rank: 3)).ranks.background == nil)
    let half: [Tensor] = try modules.flatMap { module, inputs, outputs in
      let rank = LoRARank.fraction(0.5).value(inputs: inputs, outputs: outputs)
      return [
        tensor("\(module).lora_down_bg.weight", [rank, inputs]),
        tensor("\(module).lora_up_bg.weight", [outputs, rank]),
      ]
    }
    let found = try #require(try lora(half).ranks.background)
    for module in try modules {
      #expect(
        found.value(inputs: module.inputs, outputs: module.outputs)
          == LoRARank.fraction(0.5).value(inputs: module.inputs, outputs: module.outputs))
    }
  }

  @Test func ranksAreCoded() throws {
    for (text, rank) in [
      ("4", LoRARank.rank(4)), ("0.25", .fraction(0.25)), ("[0.25,8]", .sum([.fraction(0.25), .rank(8)])),
    ] {
      #expect(try JSONDecoder().decode(LoRARank.self, from: Data(text.utf8)) == rank)
      #expect(try JSONDecoder().decode(LoRARank.self, from: JSONEncoder().encode(rank)) == rank)
    }
    #expect(LoRARank.sum([.fraction(0.25), .rank(8)]).value(inputs: 64, outputs: 32) == 16)
    for wrong in [LoRARank.sum([]), .sum([.sum([.rank(1)])]), .sum([.rank(0)]), .sum([.fraction(2)])] {
      var invalid = configuration
      invalid.lora?.background = wrong
      #expect(throws: ConfigurationError.self) { try invalid.validate() }
    }
  }
}
