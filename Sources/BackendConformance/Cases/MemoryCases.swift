// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  /// Making, mapping and reading buffers: the bytes that went in come out.
  static func memoryCases() -> [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for dtype in DType.allCases {
      for count in [0, 1, 7, 4099] {
        cases.append(
          ConformanceCase(
            operation: "makeBuffer(mapping:)", sources: [Source(shape: [count], dtype: dtype, layout: .offset)],
            outShape: [count], outDType: dtype, tolerance: .exact,
            compute: { backend, sources, out in
              let source = sources[0]
              let owner = HostBytes(try source.hostBytes(on: backend))
              let buffer = try backend.makeBuffer(mapping: owner.bytes, owner: owner)
              let mapped = Operand(buffer: buffer, view: View(contiguous: [count]), dtype: dtype)
              try backend.copy(mapped, to: out)
            }, oracle: { Expectation($0[0].elements) }))
        cases.append(
          ConformanceCase(
            operation: "read", sources: [Source(shape: [count], dtype: dtype, layout: .offset)], outShape: [count],
            outDType: dtype, tolerance: .exact,
            compute: { backend, sources, out in
              // Reads what the backend itself has just written, from the middle of a buffer.
              let wide = try backend.makeBuffer(byteCount: (count + 11) * dtype.byteWidth)
              let middle = Operand(buffer: wide, view: View(contiguous: [count], offset: 5), dtype: dtype)
              try backend.copy(sources[0], to: middle)
              let copied = try middle.hostBytes(on: backend).withUnsafeBytes { try backend.makeBuffer(copying: $0) }
              try backend.copy(Operand(buffer: copied, view: View(contiguous: [count]), dtype: dtype), to: out)
            }, oracle: { Expectation($0[0].elements) }))
      }
    }
    return cases
  }
}

extension Operand {
  /// The bytes of a row-major operand.
  fileprivate func hostBytes(on backend: any Backend) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: shape.elementCount * dtype.byteWidth)
    try bytes.withUnsafeMutableBytes {
      try backend.read(buffer, byteOffset: view.offset * dtype.byteWidth, into: $0)
    }
    return bytes
  }
}

/// Bytes at a fixed address, as a mapped file has them: not aligned to more than the header before them happens to be.
private final class HostBytes: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init(_ source: [UInt8]) {
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count + 8, alignment: 64)
    let shifted = UnsafeMutableRawBufferPointer(rebasing: target[8...])
    shifted.copyBytes(from: source)
    bytes = UnsafeRawBufferPointer(shifted)
  }

  deinit { bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) - 8 }?.deallocate() }
}
