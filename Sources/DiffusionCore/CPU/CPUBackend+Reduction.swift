// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// Calls `body` with runs of rows of about 32 Ki elements.
  func forEachRowRun(rows: Int, width: Int, _ body: (Range<Int>) -> Void) {
    threads.forEachRun(of: rows, grain: max(1, (32 << 10) / max(width, 1)), body)
  }

  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    let width = x.shape[x.shape.rank - 1]
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      forEachRowRun(rows: out.shape.elementCount, width: width) { rows in
        let (first, count) = (rows.lowerBound, Int64(rows.count))
        switch reduction {
        case .sum: kernels.pointer.pointee.sum_rows(target + first, source + first * width, count, Int64(width))
        case .max: kernels.pointer.pointee.max_rows(target + first, source + first * width, count, Int64(width))
        }
      }
    }
    withExtendedLifetime(input) {}
  }

  public func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    let width = x.shape[x.shape.rank - 1]
    guard width > 0 else { return }
    let input = try floats(x)
    let source = floatAddress(input)
    try withFloats(out) { target in
      forEachRowRun(rows: x.shape.elementCount / width, width: width) { rows in
        let start = rows.lowerBound * width
        kernels.pointer.pointee.softmax_rows(target + start, source + start, scale, Int64(rows.count), Int64(width))
      }
    }
    withExtendedLifetime(input) {}
  }
}
