// SPDX-License-Identifier: Apache-2.0

/// Additions to a model and how strongly they act.
public struct LoRAUse: Sendable {
  /// The file.
  public let file: LoRAFile
  /// 1 as it was trained, 0 not at all.
  public let scale: Float

  /// - Throws: ``LoRAError/scaleOutOfRange(file:scale:)``.
  public init(_ file: LoRAFile, scale: Float = 1) throws(LoRAError) {
    guard (-100...100).contains(scale) else { throw .scaleOutOfRange(file: file.file.name, scale: scale) }
    self.file = file
    self.scale = scale
  }
}

extension WeightSource {
  /// The weights with additions, and the configuration of what comes out: branches of higher rank, side by side with the
  /// model's own.
  ///
  /// What the additions change is made in memory in `f32`; all else stays where it is.
  ///
  /// - Throws: ``LoRAError``, ``WeightError``, ``ConfigurationError``.
  public func adding(
    _ uses: [LoRAUse], configuration: ModelConfiguration
  ) throws -> (weights: WeightSource, configuration: ModelConfiguration) {
    guard !uses.isEmpty else { return (self, configuration) }
    return try LoRAMerging(base: self, configuration: configuration, uses: uses).merged()
  }
}

/// Puts additions and a model together.
private struct LoRAMerging {
  let base: WeightSource
  let configuration: ModelConfiguration
  let uses: [LoRAUse]
  /// Whether the model has branches.
  let hasSplit: Bool
  /// What a model of this kind with branches can hold, with shapes in the checkpoint's order.
  let places: [String: [Int]]

  init(base: WeightSource, configuration: ModelConfiguration, uses: [LoRAUse]) throws {
    self.base = base
    self.configuration = configuration
    self.uses = uses
    hasSplit = NetworkParts.hasSplit(base, configuration: configuration)
    var whole = configuration
    whole.lora = configuration.lora ?? LoRAConfiguration(foreground: .rank(1), background: .rank(1))
    places = Dictionary(
      try ColorizationNetwork.parameters(of: whole).map { ($0.key, $0.shape.extents) },
      uniquingKeysWith: { first, _ in first })
  }

  func merged() throws -> (weights: WeightSource, configuration: ModelConfiguration) {
    for use in uses { try check(use.file) }
    var result = configuration
    var tensors: [(key: String, shape: [Int], values: [Float])] = []
    let addsBranches = uses.contains { !$0.file.branches.isEmpty }
    if addsBranches {
      let ranks = LoRAConfiguration(
        foreground: try sum(.foreground), background: try sum(.background))
      result.lora = ranks
      for module in modules {
        for kind in [LoRABranch.foreground, .background] {
          tensors += try branch(of: module, kind, rank: kind == .foreground ? ranks.foreground : ranks.background)
        }
      }
      if !hasSplit { try requireSplitParts() }
    }
    try result.validate()
    for key in changedKeys { tensors.append((key, places[key] ?? [], try weight(key))) }
    var source = base
    source.replace(with: try .inMemory(tensors, name: "the additions"))
    return (source, result)
  }

  /// Checks that all of a file has its place.
  private func check(_ lora: LoRAFile) throws(LoRAError) {
    let name = lora.file.name
    let branchKeys = lora.branches.flatMap { [$0.down, $0.up] }
    let changed = lora.differences + lora.weights
    let unmatched = (branchKeys + changed).filter {
      places[$0] == nil || ($0.contains(".lora_") && changed.contains($0))
    }
    guard unmatched.isEmpty else { throw .unmatched(file: name, keys: unmatched) }
    for branch in lora.branches {
      guard let down = places[branch.down], down[1] == branch.inputs else {
        throw .misshaped(
          file: name, key: branch.down, found: [branch.rank, branch.inputs],
          expected: "[r, \(places[branch.down]?[1] ?? 0)]")
      }
      guard let up = places[branch.up], up[0] == branch.outputs else {
        throw .misshaped(
          file: name, key: branch.up, found: [branch.outputs, branch.rank],
          expected: "[\(places[branch.up]?[0] ?? 0), r]")
      }
    }
    for key in changed {
      let own = lora.differences.contains(key) ? key + LoRAFile.differenceSuffix : key
      let (found, expected) = (lora.file[own]?.shape ?? [], places[key] ?? [])
      guard found == expected else { throw .misshaped(file: name, key: own, found: found, expected: "\(expected)") }
    }
    // A difference needs something to be added to.
    let baseless = lora.differences.filter { base[$0] == nil }
    guard baseless.isEmpty else { throw .missing(file: name, keys: baseless) }
    for key in lora.file.keys {
      guard lora.file[key]?.dtype.dtype != nil, (try? lora.file.firstNonFinite(of: key)) == .some(.none) else {
        throw .unusableNumbers(file: name, key: key)
      }
    }
  }

  /// The modules that can have branches, in order.
  private var modules: [(name: String, inputs: Int, outputs: Int)] {
    let ending = ".lora_down_fg.weight"
    return places.keys.filter { $0.hasSuffix(ending) }.sorted().map { key in
      let module = String(key.dropLast(ending.count))
      return (module, places[key]?[1] ?? 0, places["\(module).lora_up_fg.weight"]?[0] ?? 0)
    }
  }

  /// The rank of the model's own branch and all that are added.
  private func sum(_ kind: LoRABranch) throws -> LoRARank {
    let own = hasSplit ? configuration.lora.map { kind == .foreground ? $0.foreground : $0.background } : nil
    let ranks = ([own].compactMap { $0 } + uses.compactMap { $0.file.rank(of: kind) }).flatMap { rank in
      if case .sum(let parts) = rank { parts } else { [rank] }
    }
    // A model without this kind gets one that does nothing.
    return ranks.isEmpty ? .rank(1) : ranks.count == 1 ? ranks[0] : .sum(ranks)
  }

  /// Both matrices of a module's branch: the parts one below the other, and side by side.
  private func branch(
    of module: (name: String, inputs: Int, outputs: Int), _ kind: LoRABranch, rank: LoRARank
  ) throws -> [(key: String, shape: [Int], values: [Float])] {
    let name = kind == .foreground ? "fg" : "bg"
    let (downKey, upKey) = ("\(module.name).lora_down_\(name).weight", "\(module.name).lora_up_\(name).weight")
    let total = rank.value(inputs: module.inputs, outputs: module.outputs)
    var down = [Float](repeating: 0, count: total * module.inputs)
    var up = [Float](repeating: 0, count: module.outputs * total)
    var first = 0
    func put(_ downPart: [Float], _ upPart: [Float], scale: Float, rank: Int) {
      down.replaceSubrange(first * module.inputs..<(first + rank) * module.inputs, with: downPart)
      for row in 0..<module.outputs {
        for column in 0..<rank { up[row * total + first + column] = scale * upPart[row * rank + column] }
      }
    }
    if hasSplit, let own = configuration.lora.map({ kind == .foreground ? $0.foreground : $0.background }) {
      let rank = own.value(inputs: module.inputs, outputs: module.outputs)
      let (downPart, upPart) = (try base.floats(of: downKey), try base.floats(of: upKey))
      guard downPart.count == rank * module.inputs, upPart.count == rank * module.outputs else {
        throw LoRAError.misshaped(
          file: base[downKey]?.file.name ?? "the model", key: downKey, found: base[downKey]?.entry.shape ?? [],
          expected: "[\(rank), \(module.inputs)]")
      }
      put(downPart, upPart, scale: 1, rank: rank)
      first += rank
    }
    for use in uses {
      guard let wide = use.file.rank(of: kind) else { continue }
      if let part = use.file.branches.first(where: { $0.module == module.name && $0.branch == kind }) {
        put(
          try use.file.file.floats(of: part.down), try use.file.file.floats(of: part.up), scale: use.scale,
          rank: part.rank)
      }
      first += wide.value(inputs: module.inputs, outputs: module.outputs)
    }
    return [
      (downKey, [total, module.inputs], down), (upKey, [module.outputs, total], up),
    ]
  }

  /// The keys of weights that change, in order.
  private var changedKeys: [String] {
    Set(uses.flatMap { $0.file.differences + $0.file.weights }).sorted()
  }

  /// A weight with all that is added to it.
  private func weight(_ key: String) throws -> [Float] {
    let own = base[key] == nil ? nil : try base.floats(of: key)
    var values = own
    for use in uses {
      if use.file.differences.contains(key), let present = values {
        let difference = try use.file.file.floats(of: key + LoRAFile.differenceSuffix)
        values = zip(present, difference).map { $0 + use.scale * $1 }
      }
      if use.file.weights.contains(key) {
        let other = try use.file.file.floats(of: key)
        guard let present = values, let own else {
          values = other
          continue
        }
        values =
          use.scale == 1 && present == own
          ? other : present.indices.map { present[$0] + use.scale * (other[$0] - own[$0]) }
      }
    }
    return values ?? []
  }

  /// A model for the vanilla mode alone needs all parts of the mask modes from the files.
  private func requireSplitParts() throws(LoRAError) {
    let brought = Set(uses.flatMap { $0.file.weights })
    let missing = places.keys.filter {
      CheckpointSection(key: $0)?.isSplit == true && base[$0] == nil && !brought.contains($0)
    }
    guard missing.isEmpty else { throw .missing(file: uses[0].file.file.name, keys: missing.sorted()) }
  }
}
