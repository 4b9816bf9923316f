// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

// What a training is between two steps, and how it goes on from there. Nothing else runs through a training: all that is
// drawn follows from the seed and the step.

extension Trainer {
  /// The form of the files; raised when it changes. Those of version 1 have no seal.
  private static let version = "2"
  private static let versions: Set = ["1", version]

  /// Writes all that the next step depends on: parameters, moments, averages, and the number of steps. The file is there
  /// only when it is whole.
  ///
  /// - Parameter metadata: what else the caller wants to find again.
  /// - Throws: `WeightError`, `BackendError`.
  public func save(to path: String, metadata: [String: String] = [:]) throws {
    var tensors: [SafetensorsWriter.Tensor] = []
    var contents: [() throws -> [UInt8]] = []
    func add(_ key: String, _ dtype: SafetensorsDType, _ shape: [Int], _ bytes: @escaping () throws -> [UInt8]) {
      tensors.append(.init(key: key, dtype: dtype, shape: shape))
      contents.append(bytes)
    }
    func add(_ key: String, _ tensor: Tensor) {
      add(key, .f32, tensor.shape.extents) { Self.bytes(try tensor.floats()) }
    }
    for (parameter, kept) in zip(parameters, optimizer.keptMoments) {
      add("value/\(parameter.key)", tape.onBase(parameter.value))
      switch kept {
      case .tensors(let moments):
        add("first/\(parameter.key)", moments.first)
        add("second/\(parameter.key)", moments.second)
      case .blocks(let first, let second):
        for (name, blocks) in [("first", first), ("second", second)] {
          add("\(name).scales/\(parameter.key)", .f32, [blocks.scales.count]) { Self.bytes(blocks.scales) }
        }
      }
    }
    for (parameter, average) in zip(parameters, average?.averages ?? []) { add("average/\(parameter.key)", average) }
    // Bytes last, so that all floats are aligned.
    for (parameter, kept) in zip(parameters, optimizer.keptMoments) {
      guard case .blocks(let first, let second) = kept else { continue }
      for (name, blocks) in [("first", first), ("second", second)] {
        add("\(name).codes/\(parameter.key)", .u8, [blocks.codes.count]) { blocks.codes }
      }
    }
    var metadata = metadata
    metadata["training state"] = Self.version
    metadata["step"] = "\(stepCount)"
    var seal = ContentSeal(metadata: metadata)
    let writer = try SafetensorsWriter(path: path, tensors: tensors + [ContentSeal.tensor], metadata: metadata)
    for (tensor, bytes) in zip(tensors, contents) {
      try bytes().withUnsafeBytes {
        seal.add(tensor.key, tensor.dtype, tensor.shape, $0)
        try writer.write(tensor.key, $0)
      }
    }
    try seal.bytes.withUnsafeBytes { try writer.write(ContentSeal.key, $0) }
    try writer.finish()
  }

  /// How many steps were taken before a state was saved; nil for a file that is no state.
  public static func stepCount(ofState file: SafetensorsFile) -> Int? {
    guard versions.contains(file.metadata["training state"] ?? ""),
      let step = file.metadata["step"].flatMap({ Int($0) }),
      step >= 0
    else { return nil }
    return step
  }

  /// Whether a saved state is, bit for bit, what was saved.
  ///
  /// - Throws: ``TrainingError/unusableState(file:reason:)`` if it is damaged.
  public static func checkState(_ file: SafetensorsFile) throws(TrainingError) {
    let isWhole = ContentSeal.holds(of: file) ?? (file.metadata["training state"] == "1")
    guard isWhole else {
      throw .unusableState(file: file.name, reason: "it is damaged: its content is not what was saved")
    }
  }

  /// Goes on from a saved state, as if it had never stopped.
  ///
  /// - Throws: ``TrainingError/unusableState(file:reason:)``, `WeightError`, `BackendError`; the trainer must not be used
  ///   then.
  public func restore(from file: SafetensorsFile) throws {
    try Self.checkState(file)
    try restore(fromChecked: file)
  }

  /// The same without another look at whether the file is whole.
  package func restore(fromChecked file: SafetensorsFile) throws {
    guard let step = Self.stepCount(ofState: file) else {
      throw TrainingError.unusableState(file: file.name, reason: "this is no state of a training of this version")
    }
    func floats(_ key: String, _ shape: [Int]) throws -> [Float] {
      guard let entry = file[key], entry.dtype == .f32, entry.shape == shape else {
        throw TrainingError.unusableState(
          file: file.name, reason: "it is the state of another training: \(key) is missing or of another shape")
      }
      return try file.floats(of: key)
    }
    func tensor(_ name: String, _ parameter: TrainableParameter) throws -> Tensor {
      let shape = parameter.value.shape
      return try Tensor(floats("\(name)/\(parameter.key)", shape.extents), shape: shape, on: tape.base)
    }
    func blocks(_ name: String, _ parameter: TrainableParameter, isSigned: Bool) throws -> QuantizedBlocks {
      let count = parameter.value.shape.elementCount
      let scales = try floats("\(name).scales/\(parameter.key)", [QuantizedBlocks.scaleCount(of: count)])
      let key = "\(name).codes/\(parameter.key)"
      guard let entry = file[key], entry.dtype == .u8, entry.shape == [count] else {
        throw TrainingError.unusableState(
          file: file.name, reason: "it is the state of another training: \(key) is missing or of another shape")
      }
      return QuantizedBlocks(
        isSigned: isSigned, codes: try file.withBytes(of: key) { [UInt8]($0) }, scales: scales)
    }
    var kept: [AdamW.Kept] = []
    var averages: [Tensor] = []
    for parameter in parameters {
      try tape.assign(tensor("value", parameter), to: parameter.value)
      if settings.moments.quantizes(elementCount: parameter.value.shape.elementCount) {
        kept.append(
          .blocks(
            first: try blocks("first", parameter, isSigned: true),
            second: try blocks("second", parameter, isSigned: false)))
      } else {
        kept.append(.tensors(.init(first: try tensor("first", parameter), second: try tensor("second", parameter))))
      }
      if average != nil { averages.append(try tensor("average", parameter)) }
    }
    optimizer.restore(stepCount: step, kept: kept)
    average?.restore(stepCount: step, averages: averages)
    stepCount = step
  }

  private static func bytes(_ values: [Float]) -> [UInt8] {
    values.withUnsafeBytes { [UInt8]($0) }
  }

  /// What was learned, as a file of additions holds it: the branches themselves, and the differences of all else from what
  /// the model had. Of the averages, where there are any.
  ///
  /// - Throws: `BackendError`.
  public func additions() throws -> [(key: String, shape: [Int], values: [Float])] {
    try additionPlaces.enumerated().map { ($1.key, $1.shape, try addition(at: $0)) }
  }

  /// The keys and shapes of what was learned.
  package var additionPlaces: [(key: String, shape: [Int])] {
    zip(parameters, initial).map { parameter, start in
      (
        start == nil ? parameter.key : parameter.key + LoRAFile.differenceSuffix,
        parameter.inCheckpointOrder(parameter.value).shape.extents
      )
    }
  }

  /// The numbers of one of them, so that a writer need not hold all.
  package func addition(at index: Int) throws -> [Float] {
    let parameter = parameters[index]
    var value = average?.averages[index] ?? tape.onBase(parameter.value)
    if let start = initial[index] { value = try value - start }
    return try parameter.inCheckpointOrder(value).floats()
  }

  /// Computes with the averages in place of the weights, where there are any, and puts the weights back.
  ///
  /// - Throws: what `body` throws.
  public func withAverages<R>(_ body: () throws -> R) throws -> R {
    guard let average else { return try body() }
    let own = try parameters.map { try tape.onBase($0.value).duplicated() }
    for (parameter, value) in zip(parameters, average.averages) { try tape.assign(value, to: parameter.value) }
    let result = Result { try body() }
    for (parameter, value) in zip(parameters, own) { try tape.assign(value, to: parameter.value) }
    return try result.get()
  }
}
