// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try product(a, b, to: out)
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    let (m, n, k) = (out.shape[0], out.shape[1], x.shape[1])
    let weight = weight.with(weight.view.permuted([1, 0]))
    // Both tiers that split make tiles of 64 columns; the choice of the rows is left to the product.
    let tiles = m.dividedRoundingUp(by: 32 * productPlan.parts(rows: m, columns: n)) * n.dividedRoundingUp(by: 64)
    let splits = laneProducts == nil ? productPlan.evenSplits(groups: tiles, inner: k, multiple: 32) : 1
    guard splits > 1 else {
      return try product(
        x.asBatch, weight.asBatch, bias: bias, activation: activation, residual: residual, to: out.asBatch)
    }
    // Parts of the inner extent are a batch of products, which are then summed.
    let parts = try scratch([splits, m, n])
    try product(x.split(axis: 1, splits), weight.split(axis: 0, splits), to: parts)
    try sumSplits(
      parts, splits, rows: m, columns: n, bias: bias, activation: activation, residual: residual, to: out)
  }

  /// `out = activation(sum over the first axis of parts + bias) + residual`: `parts [S, M, N]`, `out [M, N]`.
  func sumSplits(
    _ parts: Operand, _ count: Int, rows: Int, columns: Int, bias: Operand?, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let windows = [try window(out), try window(parts)]
    let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
    let arguments = SumSplitsArguments(
      rows: rows, columns: columns, splits: count, splitsOffset: windows[1].elementOffset,
      outOffset: windows[0].elementOffset, outStrides: out.view.strides,
      flags: Self.epilogueFlags(bias, activation, residual, pairedOutputs: false),
      biasOffset: biasWindow?.elementOffset ?? 0, biasStride: bias?.view.strides[0] ?? 0,
      residualOffset: residualWindow?.elementOffset ?? 0, residualStrides: residual?.view.strides ?? [0, 0])
    try run(
      .sumSplits, outputConstants(out, parts),
      windows + [windows[1], biasWindow ?? windows[1], residualWindow ?? windows[1]],
      arguments, groupLimits.flat((rows * columns).dividedRoundingUp(by: 256)))
  }

  /// `out = activation(a b + bias) + residual`: `a [B, M, K]`, `b [B, K, N]`, `residual [M, N]`.
  func product(
    _ a: Operand, _ b: Operand, bias: Operand? = nil, activation: Activation = .none, residual: Operand? = nil,
    to out: Operand
  ) throws {
    let (batch, m, n, k) = (out.shape[0], out.shape[1], out.shape[2], a.shape[2])
    guard out.shape.elementCount > 0 else { return }
    if batch > groupLimits.z {
      for first in stride(from: 0, to: batch, by: groupLimits.z) {
        let range = first..<min(first + groupLimits.z, batch)
        func part(_ x: Operand) -> Operand { x.with(x.view.sliced(axis: 0, range)) }
        try product(part(a), part(b), bias: bias, activation: activation, residual: residual, to: part(out))
      }
      return
    }
    let windows = [try window(out), try window(a), try window(b)]
    let biasWindow = try bias.map(window)
    let residualWindow = try residual.map(window)
    let residualIsPaired: Bool =
      if let residual, let residualWindow { residual.hasPairs(along: 1, in: residualWindow) } else { true }
    let flags = Self.epilogueFlags(
      bias, activation, residual, pairedOutputs: residualIsPaired && out.hasPairs(along: 2, in: windows[0]))
    try run(
      Product(
        kernels: .matmul, rows: m, columns: n, count: batch,
        left: ProductFactor(operand: a, window: windows[1], inner: 2, other: 1),
        right: ProductFactor(operand: b, window: windows[2], inner: 1, other: 2), out: out,
        // What is absent is still bound: the shader names it, and any source will do.
        windows: windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]],
        work: 2 * Double(batch * m) * Double(n * k))
    ) {
      MatmulArguments(
        firstRow: $0, rows: m, columns: n, inner: k, leftOffset: windows[1].elementOffset,
        leftStrides: a.view.strides, rightOffset: windows[2].elementOffset, rightStrides: b.view.strides,
        outOffset: windows[0].elementOffset, outStrides: out.view.strides, flags: flags,
        biasOffset: biasWindow?.elementOffset ?? 0, biasStride: bias?.view.strides[0] ?? 0,
        residualOffset: residualWindow?.elementOffset ?? 0, residualStrides: residual?.view.strides ?? [0, 0])
    } convertingTypes: {
      try computing(out, in: .f32) {
        try product(converted(a, to: .f32), b, bias: bias, activation: activation, residual: residual, to: $0)
      }
    }
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let (m, n, k) = (out.shape[0], out.shape[1], x.shape[1])
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(out), try window(x), try window(weight), try window(bias)]
    try run(
      Product(
        kernels: .gatedLinear, rows: m, columns: n,
        left: ProductFactor(operand: x, window: windows[1], inner: 1),
        right: ProductFactor(operand: weight, window: windows[2], inner: 1), out: out, windows: windows,
        work: 4 * Double(m) * Double(n * k), hasPairedOutputs: out.hasPairs(along: 1, in: windows[0]))
    ) {
      GatedLinearArguments(
        firstRow: $0, rows: m, columns: n, inner: k, leftOffset: windows[1].elementOffset,
        leftStrides: x.view.strides, rightOffset: windows[2].elementOffset, rightStrides: weight.view.strides,
        outOffset: windows[0].elementOffset, outStrides: out.view.strides, biasType: bias.dtype.kernelNumber,
        biasOffset: windows[3].elementOffset, biasStride: bias.view.strides[0])
    } convertingTypes: {
      try computing(out, in: .f32) {
        try gatedLinear(converted(x, to: .f32), weight: weight, bias: bias, to: $0)
      }
    }
  }

  /// What `epilogue.glsl` and `epilogue_lanes.glsl` read: whether there are a bias and a residual, the activation, the
  /// two types, whether outputs and residual come in pairs.
  static func epilogueFlags(
    _ bias: Operand?, _ activation: Activation, _ residual: Operand?, pairedOutputs: Bool
  ) -> Int {
    (bias == nil ? 0 : 1) | (residual == nil ? 0 : 2) | activation.kernelNumber << 2
      | (bias?.dtype.kernelNumber ?? 0) << 4 | (residual?.dtype.kernelNumber ?? 0) << 6 | (pairedOutputs ? 1 << 8 : 0)
  }

  /// What a kernel with an invocation for each output is specialised by.
  func outputConstants(
    _ out: Operand, _ left: Operand, _ right: Operand? = nil, pooling: Int = 0
  ) -> OutputsConstants {
    OutputsConstants(
      outType: out.dtype.kernelNumber, leftType: left.dtype.kernelNumber, rightType: right?.dtype.kernelNumber ?? 0,
      pooling: pooling)
  }
}

extension Operand {
  /// `[M, N]` as a batch of one, `[1, M, N]`.
  fileprivate var asBatch: Operand {
    with(View(shape: Shape([1] + view.shape.extents), strides: [0] + view.strides, offset: view.offset))
  }

  /// A matrix as a batch of `count` equal parts along an axis.
  fileprivate func split(axis: Int, _ count: Int) -> Operand {
    var extents = view.shape.extents
    extents[axis] /= count
    return with(
      View(
        shape: Shape([count] + extents), strides: [extents[axis] * view.strides[axis]] + view.strides,
        offset: view.offset))
  }

  /// How `product.glsl` loads a tile: 2 in runs of four inner elements; else 1 or 0, so that neighbouring invocations
  /// read along the inner axis or along the other, whichever is nearer in memory.
  func loadMode(inner: Int, other: Int? = nil, _ window: Window) -> Int {
    if hasRuns(of: 4, along: inner, in: window) { return 2 }
    guard let other else { return 1 }
    if view.shape[inner] <= 1 { return 0 }
    return view.shape[other] <= 1 || view.strides[inner].magnitude <= view.strides[other].magnitude ? 1 : 0
  }
}
