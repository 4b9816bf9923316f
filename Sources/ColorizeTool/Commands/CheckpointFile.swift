// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// A checkpoint to be written, with `config.json` beside it.
struct CheckpointFile {
  /// The weights.
  let path: String
  /// The configuration.
  let configurationPath: String
  private let configuration: ModelConfiguration
  private let files: OutputFiles

  /// - Parameters:
  ///   - path: a `.safetensors` file, or a folder for `model.safetensors`.
  ///   - overwrite: whether a checkpoint that is there may be replaced.
  ///   - inputs: files that must not be.
  /// - Throws: ``ToolError`` for another name, a file that must not or cannot be written, and if a `config.json` of another
  ///   model is there.
  init(_ path: String, configuration: ModelConfiguration, overwrite: Bool, inputs: [String] = []) throws {
    if path.hasSuffix("/"), FileName.kind(path) == .none {
      throw ToolError.usage("\(path): the folder does not exist; create it first")
    }
    let file = FileName.kind(path) == .folder ? "\(path)/model.safetensors" : path
    guard file.lowercased().hasSuffix(".safetensors") else {
      throw ToolError.usage("\(file): the name must end in .safetensors, or be that of a folder")
    }
    self.path = file
    self.configuration = configuration
    configurationPath = (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + "config.json"
    try OutputCheck(overwrite: overwrite, inputs: inputs).check([file])
    files = OutputFiles(overwrites: overwrite)
    _ = try Self.isPresent(configuration, at: configurationPath)
  }

  /// Writes both files, first the weights; a file is there only when it is whole.
  ///
  /// - Parameter parameters: what the network needs.
  /// - Parameter put: hands out the bytes of the tensor of that position, in one piece or several.
  func write(
    _ parameters: [(key: String, shape: Shape)], dtype: DType, metadata: [String: String], progress: Progress,
    _ put: (_ index: Int, _ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    var metadata = metadata
    metadata["software"] = "\(Tool.name) \(Tool.version)"
    let tensors = parameters.map {
      SafetensorsWriter.Tensor(key: $0.key, dtype: SafetensorsDType(dtype), shape: $0.shape.extents)
    }
    try files.write(path) { path, existing in
      let writer = try SafetensorsWriter(path: path, tensors: tensors, metadata: metadata, existing: existing)
      for (index, parameter) in parameters.enumerated() {
        try put(index) { bytes in
          try Task.checkCancellation()
          try writer.write(parameter.key, bytes)
        }
        progress.step(index + 1, of: parameters.count, unit: "tensor")
      }
      try Task.checkCancellation()
      try writer.finish()
    }
    // Another run may have written it by now: the same one is as good.
    if (try? Self.isPresent(configuration, at: configurationPath)) != true {
      let bytes = Array(try JSONOutput.pretty(configuration).utf8) + [0x0A]
      // One of another model is not replaced, even with --overwrite.
      try files.write(configurationPath) { path, _ in try AtomicFile.write(bytes, to: path, existing: .keepBoth) }
    }
    progress.finish()
    try files.check()
  }

  /// Says what was written.
  func report(_ parameters: [(key: String, shape: Shape)], dtype: DType, progress: Progress) {
    let total = parameters.reduce(0) { $0 + $1.shape.elementCount }
    Console.shared.output(
      "wrote \(ToolError.oneLine(path)) (\(Format.count(total)) parameters, \(dtype.rawValue)) and \(ToolError.oneLine(configurationPath))"
    )
    Console.shared.output("done in \(Format.decimal(progress.elapsed, 1)) s")
  }

  /// Whether `config.json` is there already; one of another model must not be replaced.
  private static func isPresent(_ configuration: ModelConfiguration, at path: String) throws -> Bool {
    guard FileName.kind(path) != .none else { return false }
    let found = (try? FileReader.bytes(of: path, limit: 1 << 20))
      .flatMap { try? JSONDecoder().decode(ModelConfiguration.self, from: Data($0)) }
    guard found == configuration else {
      throw ToolError.usage("\(path): it exists and describes another model; choose an empty folder")
    }
    return true
  }
}

extension DType {
  /// Numbers in this type, as a file has them.
  func encode(_ values: [Float]) -> [UInt8] {
    switch self {
    case .f32: values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
    case .f16: values.map { Float16($0).bitPattern.littleEndian }.withUnsafeBytes { Array($0) }
    case .bf16:
      // Rounded to nearest; the values are finite, so adding half a unit cannot make a NaN of them.
      values.map { UInt16(($0.bitPattern &+ 0x7FFF &+ (($0.bitPattern >> 16) & 1)) >> 16).littleEndian }
        .withUnsafeBytes { Array($0) }
    }
  }

  /// The least number that is rounded to infinity, to nearest and of two to the even one: half a unit above the largest.
  var overflow: Float {
    switch self {
    case .f32: .infinity
    case .f16: 65_520
    case .bf16: Float(bitPattern: 0x7F7F_8000)
    }
  }
}
