// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

extension RandomCheckpoint {
  /// The same as a file in memory, for a machine whose disk is small or slow. It stays until the program ends.
  ///
  /// - Throws: `BenchmarkError.noMemory` if the system has not that much.
  static func inMemory(_ configuration: ModelConfiguration, dtype: DType) throws -> SafetensorsFile {
    let parameters = try ColorizationNetwork.parameters(of: configuration).map { (key: $0.key, shape: $0.shape) }
    var offset = 0
    let entries = parameters.map { key, shape in
      let start = offset
      offset += shape.elementCount * dtype.byteWidth
      let extents = shape.extents.map(String.init).joined(separator: ",")
      return "\"\(key)\":{\"dtype\":\"\(SafetensorsDType(dtype).rawValue)\",\"shape\":[\(extents)],"
        + "\"data_offsets\":[\(start),\(offset)]}"
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    let byteCount = 8 + header.count + offset
    guard let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    else { throw BenchmarkError.noMemory(byteCount) }
    memory.storeBytes(of: UInt64(header.count).littleEndian, as: UInt64.self)
    let bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    UnsafeMutableRawBufferPointer(rebasing: bytes[8...]).copyBytes(from: header)

    let backend = try CPUBackend()
    let source = try RandomParameters(backend: backend, dtype: dtype)
    // Matrices of one fan-in have the same numbers, over and over.
    var blocks: [Int: [UInt8]] = [:]
    var place = 8 + header.count
    for (key, shape) in parameters {
      let count = shape.elementCount * dtype.byteWidth
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[place..<place + count])
      place += count
      if shape.rank <= 1 {
        try read(source.parameter(key, shape: shape), into: target, backend)
        continue
      }
      let fanIn = shape.dropFirst().reduce(1, *)
      if blocks[fanIn] == nil {
        let rows = max(1, (1 << 18) / max(fanIn, 1))
        let values = try source.values([rows, fanIn])
        var block = [UInt8](repeating: 0, count: rows * fanIn * dtype.byteWidth)
        try block.withUnsafeMutableBytes { try read(values, into: $0, backend) }
        blocks[fanIn] = block
      }
      guard let block = blocks[fanIn], !block.isEmpty else { continue }
      var done = 0
      while done < count {
        let length = min(block.count, count - done)
        UnsafeMutableRawBufferPointer(rebasing: target[done..<done + length]).copyBytes(from: block[..<length])
        done += length
      }
    }
    backend.releaseCachedMemory()
    return try SafetensorsFile(bytes: UnsafeRawBufferPointer(bytes), name: "random weights")
  }

  private static func read(_ tensor: Tensor, into target: UnsafeMutableRawBufferPointer, _ backend: CPUBackend) throws {
    try backend.read(tensor.operand.buffer, byteOffset: 0, into: target)
  }
}
