// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore

/// A backend that gets one member wrong in one way, to show that the suite notices.
///
/// Forwards all else, fused members included.
final class FaultyBackend: ForwardingBackend, CallReceiver {
  enum Fault: String, CaseIterable, Sendable {
    /// Every element is off by one part in fifty thousand: far less than a wrong index or a lost term makes.
    case imprecise
    /// The last element keeps what was there.
    case leavesElementUnwritten
    /// One element behind the destination is written.
    case writesOutside
    /// The first source is read as if it were row-major.
    case ignoresStrides
    /// The result is added to what was there.
    case accumulates
    /// The first source is overwritten.
    case spoilsSource
    /// Throws.
    case fails
  }

  let base: any Backend
  private let operation: String
  private let fault: Fault

  init(_ base: any Backend, operation: String, fault: Fault) {
    self.base = base
    self.operation = operation
    self.fault = fault
  }

  var name: String { "\(base.name), \(operation) \(fault)" }

  func receive(_ call: BackendCall) throws {
    var call = call
    let out = call.out
    guard call.member == operation, out.shape.elementCount > 0 else { return try call.perform(on: base) }
    let whole = View(contiguous: [out.buffer.byteCount / out.dtype.byteWidth])
    let everything = Operand(buffer: out.buffer, view: whole, dtype: out.dtype)
    let before = try Tensor(uninitialized: whole.shape, dtype: out.dtype, on: base).operand
    try base.copy(everything, to: before)
    let last = zip(out.shape, out.view.strides).reduce(out.view.offset) { $0 + ($1.0 - 1) * $1.1 }
    func element(_ x: Operand, _ index: Int) -> Operand { x.with(View(contiguous: [1], offset: index)) }

    let source = call.operands.first ?? nil
    if fault == .ignoresStrides, let first = source {
      let flat = View(contiguous: first.shape, offset: first.view.offset)
      // Only as far as the buffer goes, so that the fault is a wrong result and not a crash.
      let end = (flat.offset + flat.shape.elementCount) * first.dtype.byteWidth
      if end <= first.buffer.byteCount { call.operands[0] = first.with(flat) }
    }
    if fault == .fails { throw BackendError.deviceFailure(backend: base.name, reason: "on purpose") }
    try call.perform(on: base)
    switch fault {
    case .imprecise:
      let result = try Tensor(uninitialized: out.shape, on: base).operand
      try base.affine(out, scale: 1.00002, offset: 0, to: result)
      try base.copy(result, to: out)
    case .leavesElementUnwritten: try base.copy(element(before, last), to: element(out, last))
    case .writesOutside: try base.fill(element(out, last + 1), with: 0)
    case .accumulates:
      let result = try Tensor(uninitialized: out.shape, on: base).operand
      try base.binary(.add, out, before.with(out.view), to: result)
      try base.copy(result, to: out)
    case .spoilsSource:
      if let source { try base.fill(element(source, source.view.offset), with: -77) }
    case .ignoresStrides, .fails: break
    }
  }
}
