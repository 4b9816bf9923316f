// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public var takesDilationAndGroups: Bool { true }

  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try convolution(
      x, weight: weight, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    if geometry.groups > 1 {
      // Groups of few channels are limited by memory; of more, each is worth a product.
      let convolve = weight.shape[3] <= 8 ? convolutionWithinGroups : convolutionOfGroups
      return try convolve(x, weight, bias, geometry, activation, residual, out)
    }
    let (input, weight) = (try contiguous(x), try contiguous(weight))
    let (bias, residual) = (try bias.map(contiguous), try residual.map(contiguous))
    try withContiguous(out) { out in
      let rows = out.shape[0] * out.shape[1] * out.shape[2]
      let (columns, inner) = (out.shape[3], weight.shape.dropFirst().reduce(1, *))
      let tiles =
        rows.dividedRoundingUp(by: 32 * productPlan.parts(rows: rows, columns: columns))
        * columns.dividedRoundingUp(by: 64)
      let splits = productPlan.splits(groups: tiles, inner: inner, multiple: 32)
      guard laneProducts == nil, splits.count > 1 else {
        return try implicitProduct(
          input, weight, geometry, bias: bias, activation: activation, residual: residual, split: inner, to: out)
      }
      // Parts of the inner extent, one after the other in memory, which are then summed.
      let parts = try scratch(Shape([splits.count] + out.shape.extents))
      let first = parts.with(View(contiguous: out.shape, offset: parts.view.offset))
      try implicitProduct(
        input, weight, geometry, bias: nil, activation: .none, residual: nil, split: splits.length, to: first,
        within: parts)
      func matrix(_ operand: Operand) -> Operand {
        operand.with(View(contiguous: [rows, columns], offset: operand.view.offset))
      }
      try sumSplits(
        parts, splits.count, rows: rows, columns: columns, bias: bias, activation: activation,
        residual: residual.map(matrix), to: matrix(out))
    }
  }

  /// All groups in one kernel, which loops over the taps and channels of each output.
  private func convolutionWithinGroups(
    _ x: Operand, _ weight: Operand, _ bias: Operand?, _ geometry: ConvolutionGeometry, _ activation: Activation,
    _ residual: Operand?, _ out: Operand
  ) throws {
    let (input, weight) = (try contiguous(x), try contiguous(weight))
    let (bias, residual) = (try bias.map(contiguous), try residual.map(contiguous))
    try withContiguous(out) { out in
      let windows = [try window(out), try window(input), try window(weight)]
      let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
      let arguments = GroupedConvolutionArguments(
        count: out.shape.elementCount, columns: out.shape[3], groupColumns: out.shape[3] / geometry.groups,
        groupChannels: weight.shape[3], height: input.shape[1], width: input.shape[2], channels: input.shape[3],
        outHeight: out.shape[1], outWidth: out.shape[2], kernelHeight: weight.shape[1],
        kernelWidth: weight.shape[2], stride: geometry.stride, padding: geometry.paddingBefore,
        dilation: geometry.dilation, upsampling: geometry.upsampling, leftOffset: windows[1].elementOffset,
        rightOffset: windows[2].elementOffset, outOffset: windows[0].elementOffset,
        flags: Self.epilogueFlags(bias, activation, residual, pairedOutputs: false),
        biasOffset: biasWindow?.elementOffset ?? 0, residualOffset: residualWindow?.elementOffset ?? 0)
      try run(
        .groupedConvolution, outputConstants(out, input, weight),
        windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]], arguments,
        groupLimits.flat(out.shape.elementCount.dividedRoundingUp(by: 256)),
        work: 2 * Double(out.shape.elementCount) * Double(weight.shape.dropFirst().reduce(1, *)))
    }
  }

  /// One group after the other, of copies of its channels.
  private func convolutionOfGroups(
    _ x: Operand, _ weight: Operand, _ bias: Operand?, _ geometry: ConvolutionGeometry, _ activation: Activation,
    _ residual: Operand?, _ out: Operand
  ) throws {
    var single = geometry
    single.groups = 1
    for group in 0..<geometry.groups {
      func part(_ operand: Operand, axis: Int) -> Operand {
        let width = operand.shape[axis] / geometry.groups
        return operand.with(operand.view.sliced(axis: axis, group * width..<(group + 1) * width))
      }
      try convolution(
        part(x, axis: 3), weight: part(weight, axis: 0), bias: bias.map { part($0, axis: 0) }, geometry: single,
        activation: activation, residual: residual.map { part($0, axis: 3) }, to: part(out, axis: 3))
    }
  }

  /// The convolution of row-major operands as a product.
  ///
  /// - Parameters:
  ///   - split: how much of the inner extent a group of invocations sums.
  ///   - whole: what is bound of the destination: all parts, if there are several.
  private func implicitProduct(
    _ input: Operand, _ weight: Operand, _ geometry: ConvolutionGeometry, bias: Operand?, activation: Activation,
    residual: Operand?, split: Int, to out: Operand, within whole: Operand? = nil
  ) throws {
    let windows = [try window(whole ?? out), try window(input), try window(weight)]
    let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
    let rows = out.shape[0] * out.shape[1] * out.shape[2]
    let (columns, inner) = (out.shape[3], weight.shape.dropFirst().reduce(1, *))
    // There may be no input channels at all.
    let splits = split < inner ? inner.dividedRoundingUp(by: split) : 1
    let pairedOutputs =
      columns % 2 == 0 && [windows[0].elementOffset, residualWindow?.elementOffset ?? 0].allSatisfy { $0 % 2 == 0 }
    let matrix = weight.with(View(contiguous: [columns, inner], offset: weight.view.offset))
    try run(
      Product(
        kernels: .convolution, rows: rows, columns: columns, count: splits,
        left: ProductFactor(operand: input, window: windows[1], inner: 3),
        right: ProductFactor(operand: matrix, window: windows[2], inner: 1), out: out,
        // What is absent is still bound: the shader names it, and any source will do.
        windows: windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]],
        work: 2 * Double(rows) * Double(columns * inner), upsampling: geometry.upsampling, isSplit: splits > 1)
    ) {
      ConvolutionArguments(
        firstRow: $0, rows: rows, columns: columns, inner: inner, height: input.shape[1], width: input.shape[2],
        channels: input.shape[3], outHeight: out.shape[1], outWidth: out.shape[2], kernelWidth: weight.shape[2],
        stride: geometry.stride, padding: geometry.paddingBefore, dilation: geometry.dilation,
        leftOffset: windows[1].elementOffset, rightOffset: windows[2].elementOffset,
        outOffset: windows[0].elementOffset,
        flags: Self.epilogueFlags(bias, activation, residual, pairedOutputs: pairedOutputs),
        biasOffset: biasWindow?.elementOffset ?? 0, residualOffset: residualWindow?.elementOffset ?? 0, split: split)
    } convertingTypes: {
      try computing(out, in: .f32) {
        try implicitProduct(
          converted(input, to: .f32), weight, geometry, bias: bias, activation: activation, residual: residual,
          split: split, to: $0)
      }
    }
  }
}
