// SPDX-License-Identifier: Apache-2.0

import CKernels

extension DType {
  var code: Int32 { Int32(kernelNumber) }
}

extension CPUBackend {
  /// Elements that one piece of an element-by-element kernel handles.
  private var grain: Int { 32 << 10 }

  public func fill(_ out: Operand, with value: Float) throws {
    try withFloats(out) { target in
      threads.forEachRun(of: out.shape.elementCount, grain: grain) { range in
        kernels.pointer.pointee.fill(target + range.lowerBound, value, Int64(range.count))
      }
    }
  }

  public func copy(_ x: Operand, to out: Operand) throws {
    let (source, target) = (address(x), address(out))
    let (sourceWidth, targetWidth) = (x.dtype.byteWidth, out.dtype.byteWidth)
    StridedLoop([out.view, x.view]).forEachPart(on: threads) { loop, offsets in
      withUnsafePointer(to: loop) {
        kernels.pointer.pointee.copy(
          $0, target + offsets[0] * targetWidth, out.dtype.code, source + offsets[1] * sourceWidth, x.dtype.code)
      }
    }
  }

  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      threads.forEachRun(of: out.shape.elementCount, grain: grain) { range in
        let start = range.lowerBound
        kernels.pointer.pointee.affine(target + start, source + start, scale, offset, Int64(range.count))
      }
    }
    withExtendedLifetime(input) {}
  }

  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      threads.forEachRun(of: out.shape.elementCount, grain: grain / 4) { range in
        let start = range.lowerBound
        kernels.pointer.pointee.unary(Int32(function.kernelNumber), target + start, source + start, Int64(range.count))
      }
    }
    withExtendedLifetime(input) {}
  }

  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    let (first, second) = (try single(a), try single(b))
    try withSingle(out) { out in
      let (target, x, y) = (floatAddress(out), floatAddress(first), floatAddress(second))
      StridedLoop([out.view, first.view, second.view]).forEachPart(on: threads) { loop, offsets in
        withUnsafePointer(to: loop) {
          kernels.pointer.pointee.binary(
            $0, Int32(function.kernelNumber), target + offsets[0], x + offsets[1], y + offsets[2])
        }
      }
    }
    withExtendedLifetime((first, second)) {}
  }

  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    let (test, first, second) = (try single(condition), try single(a), try single(b))
    try withSingle(out) { out in
      let (target, c, x, y) = (floatAddress(out), floatAddress(test), floatAddress(first), floatAddress(second))
      StridedLoop([out.view, test.view, first.view, second.view]).forEachPart(on: threads) { loop, offsets in
        withUnsafePointer(to: loop) {
          kernels.pointer.pointee.select($0, target + offsets[0], c + offsets[1], x + offsets[2], y + offsets[3])
        }
      }
    }
    withExtendedLifetime((test, first, second)) {}
  }

  /// The operand itself if it is `f32`, strided or not, else an `f32` copy.
  private func single(_ x: Operand) throws -> Operand { x.dtype == .f32 ? x : try floats(x) }

  private func withSingle(_ out: Operand, _ body: (Operand) throws -> Void) throws {
    if out.dtype == .f32 { return try body(out) }
    let result = try scratch(out.shape)
    try body(result)
    try copy(result, to: out)
  }
}
