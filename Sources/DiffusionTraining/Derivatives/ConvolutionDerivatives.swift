// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  func convolution(_ geometry: ConvolutionGeometry, _ activation: Activation, _ gradient: Tensor) throws -> [Tensor?] {
    let isConvolution = shapes.count == 4
    var inner = gradient
    if activation != .none && needs[0...2].contains(true) {
      inner = try before(
        activation,
        try value(0).convolution(weight: value(1), bias: optionalValue(2), geometry: geometry), gradient)
    }
    guard let input = shapes[0], let kernel = shapes[1] else { preconditionFailure("a convolution of nothing") }
    let window = ConvolutionWindow(input: input, kernel: kernel, geometry: geometry, output: gradient.shape)
    let ofInput = try wanted(0) {
      try window.gradientOfInput(inner, weight: value(1), fast: fast(.turnedConvolution))
    }
    let ofWeight = try wanted(1) {
      if geometry.groups == 1, let fast = fast(.convolutionWeight) {
        return try made(kernel) {
          try fast.convolutionWeightGradient(value(0).operand, geometry, inner.operand, to: $0)
        }
      }
      return try window.gradientOfWeight(inner, x: value(0))
    }
    guard isConvolution else { return [ofInput, ofWeight] }
    return [ofInput, ofWeight, try wanted(2) { try inner.summedOverRows() }, gradient]
  }
}

/// Where a convolution reads: `x [B, H, W, I]`, doubled and padded to a canvas, `[O, kh, kw, I / groups]`,
/// `[B, H', W', O]`.
private struct ConvolutionWindow {
  let input: Shape
  let kernel: Shape
  let geometry: ConvolutionGeometry
  let output: Shape

  /// The bytes that the gathered inputs of some taps may take at one time.
  private static let columnByteCount = 32 << 20

  private var upsampling: Int { geometry.upsampling }
  private var height: Int { input[1] * upsampling }
  private var width: Int { input[2] * upsampling }
  private var groups: Int { geometry.groups }
  /// How far the kernel reaches.
  private var down: Int { geometry.reach(kernel: kernel[1]) }
  private var across: Int { geometry.reach(kernel: kernel[2]) }

  /// The gradient of the input: a convolution with the kernel turned by half a turn and its channels exchanged.
  ///
  /// - Parameter fast: a backend that turns kernels itself.
  func gradientOfInput(_ gradient: Tensor, weight: Tensor, fast: (any DerivativeBackend)?) throws -> Tensor {
    let (kh, kw) = (kernel[1], kernel[2])
    if geometry.stride > 1 && upsampling == 1 && geometry.dilation == 1 && groups == 1 {
      return try gradientByRemainders(gradient, weight: weight, fast: fast)
    }
    if let fast, geometry.stride == 1, groups == 1, kh == kw {
      let before = down - 1 - geometry.paddingBefore
      let after = down - 1 - geometry.paddingAfter
      if before >= 0 && after >= 0 {
        let doubled = try Tensor(
          uninitialized: [input[0], height, width, input[3]], dtype: .f32, on: gradient.backend)
        try fast.turnedConvolution(
          gradient.operand, weight: weight.operand,
          geometry: ConvolutionGeometry(
            stride: 1, paddingBefore: before, paddingAfter: after, dilation: geometry.dilation), to: doubled.operand)
        return try summedPixels(doubled)
      }
    }
    let turned = try turned(weight, rows: (0..<kh).reversed(), columns: (0..<kw).reversed())
    let before = down - 1 - geometry.paddingBefore
    let after = down - 1 - geometry.paddingAfter
    let doubled: Tensor
    if geometry.stride == 1 && kh == kw && before >= 0 && after >= 0 {
      doubled = try gradient.convolution(
        weight: turned,
        geometry: ConvolutionGeometry(
          stride: 1, paddingBefore: before, paddingAfter: after, dilation: geometry.dilation, groups: groups))
    } else {
      doubled = try spread(gradient).convolution(
        weight: turned, geometry: ConvolutionGeometry(dilation: geometry.dilation, groups: groups))
    }
    return try summedPixels(doubled)
  }

  /// Some taps of the kernel, in the order given, with inputs and outputs exchanged: `[I, rows, columns, O / groups]`.
  private func turned(_ weight: Tensor, rows: [Int], columns: [Int]) throws -> Tensor {
    let (inputs, outputs) = (kernel[3], kernel[0] / groups)
    let turned = try Tensor(uninitialized: [input[3], rows.count, columns.count, outputs], on: weight.backend)
    // A tap of all channels, [groups, rows of a group, columns].
    func matrices(_ x: Tensor, rows: Int) -> Tensor {
      let view = x.operand.view
      let strides = [rows * view.strides[0], view.strides[0], view.strides[3]]
      let grouped = View(shape: [groups, rows, view.shape[3]], strides: strides, offset: view.offset)
      return Tensor(x.operand.with(grouped), on: x.backend)
    }
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() {
        let tap = weight.sliced(axis: 1, row..<row + 1).sliced(axis: 2, column..<column + 1)
        let place = turned.sliced(axis: 1, i..<i + 1).sliced(axis: 2, j..<j + 1)
        try weight.backend.copy(
          matrices(tap, rows: outputs).transposed(0, 2, 1).operand, to: matrices(place, rows: inputs).operand)
      }
    }
    return turned
  }

  /// What the inputs of one remainder modulo the stride, along one axis, are made of.
  private struct Remainder {
    /// The first input, and how many there are.
    let first: Int
    let count: Int
    /// The taps that reach them, the last first.
    let taps: [Int]
    /// The first gradient that the first of them reads; negative where zeros stand before.
    let start: Int

    /// How many gradients they read.
    var reach: Int { count + taps.count - 1 }

    init(_ remainder: Int, stride: Int, before: Int, extent: Int, kernel: Int) {
      // Input i lies at i + before = place * stride + remainder of the padded picture.
      let place = before > remainder ? (before - remainder).dividedRoundingUp(by: stride) : 0
      first = place * stride + remainder - before
      count = first < extent ? (extent - 1 - first) / stride + 1 : 0
      taps = Array(Swift.stride(from: remainder, to: kernel, by: stride).reversed())
      start = place - (taps.count - 1)
    }
  }

  /// The gradient of the input of a convolution with a stride: inputs of one remainder modulo it are reached by the same
  /// taps, so that for each pair of remainders it is a small convolution without a stride, and nothing is multiplied by
  /// zeros between.
  private func gradientByRemainders(_ gradient: Tensor, weight: Tensor, fast: (any DerivativeBackend)?) throws
    -> Tensor
  {
    let result = try Tensor(uninitialized: input, dtype: .f32, on: gradient.backend)
    func remainders(_ axis: Int, _ kernel: Int) -> [Remainder] {
      (0..<geometry.stride).map {
        Remainder($0, stride: geometry.stride, before: geometry.paddingBefore, extent: input[axis], kernel: kernel)
      }.filter { $0.count > 0 }
    }
    let (rows, columns) = (remainders(1, kernel[1]), remainders(2, kernel[2]))
    let canvas = try Canvas(gradient, rows: rows, columns: columns)
    for row in rows {
      for column in columns {
        let strides = result.operand.view.strides
        let view = View(
          shape: [input[0], row.count, column.count, input[3]],
          strides: [strides[0], strides[1] * geometry.stride, strides[2] * geometry.stride, strides[3]],
          offset: row.first * strides[1] + column.first * strides[2])
        let place = result.operand.with(view)
        guard !row.taps.isEmpty && !column.taps.isEmpty else {
          try gradient.backend.fill(place, with: 0)
          continue
        }
        let read = canvas.part(row, column)
        if let fast, let top = row.taps.last, let left = column.taps.last {
          let taps = weight.stepped(axis: 1, first: top, stride: geometry.stride, count: row.taps.count)
            .stepped(axis: 2, first: left, stride: geometry.stride, count: column.taps.count)
          try fast.turnedConvolution(read.operand, weight: taps.operand, geometry: ConvolutionGeometry(), to: place)
          continue
        }
        let kernel = try turned(weight, rows: row.taps, columns: column.taps)
        let part = try read.convolution(weight: kernel, geometry: ConvolutionGeometry())
        try gradient.backend.copy(part.operand, to: place)
      }
    }
    return result
  }

  /// The gradients with as many zeros around as any remainder reads.
  private struct Canvas {
    private let tensor: Tensor
    private let top: Int
    private let left: Int

    init(_ gradient: Tensor, rows: [Remainder], columns: [Remainder]) throws {
      let shape = gradient.shape
      func margins(_ all: [Remainder], _ extent: Int) -> (before: Int, after: Int) {
        (max(0, all.map { -$0.start }.max() ?? 0), max(0, all.map { $0.start + $0.reach - extent }.max() ?? 0))
      }
      let (vertical, horizontal) = (margins(rows, shape[1]), margins(columns, shape[2]))
      (top, left) = (vertical.before, horizontal.before)
      if vertical == (0, 0) && horizontal == (0, 0) {
        tensor = gradient
        return
      }
      tensor = try Tensor(
        repeating: 0,
        shape: [
          shape[0], shape[1] + vertical.before + vertical.after, shape[2] + horizontal.before + horizontal.after,
          shape[3],
        ], on: gradient.backend)
      let inside = tensor.sliced(axis: 1, top..<top + shape[1]).sliced(axis: 2, left..<left + shape[2])
      try gradient.backend.copy(gradient.operand, to: inside.operand)
    }

    /// What the inputs of two remainders read.
    func part(_ row: Remainder, _ column: Remainder) -> Tensor {
      tensor.sliced(axis: 1, top + row.start..<top + row.start + row.reach)
        .sliced(axis: 2, left + column.start..<left + column.start + column.reach)
    }
  }

  /// The gradients in the places that their windows begin at, zeros between, so that a convolution without stride and
  /// padding gives as many results as there were inputs.
  private func spread(_ gradient: Tensor) throws -> Tensor {
    let (stride, before) = (geometry.stride, geometry.paddingBefore)
    let canvas = try Tensor(
      repeating: 0, shape: [output[0], height + down - 1, width + across - 1, output[3]], on: gradient.backend)
    // Result o stands at row o * stride + reach - 1 - before; those whose window misses the input fall off.
    func fitting(_ count: Int, _ reach: Int, _ extent: Int) -> (range: Range<Int>, first: Int) {
      let start = reach - 1 - before
      let low = start >= 0 ? 0 : (-start).dividedRoundingUp(by: stride)
      let high = min(count, max(low, (extent - 1 - start) / stride + 1))
      return (low..<high, start + low * stride)
    }
    let rows = fitting(output[1], down, canvas.shape[1])
    let columns = fitting(output[2], across, canvas.shape[2])
    guard !rows.range.isEmpty && !columns.range.isEmpty else { return canvas }
    let part = gradient.sliced(axis: 1, rows.range).sliced(axis: 2, columns.range)
    let strides = canvas.operand.view.strides
    let view = View(
      shape: part.shape, strides: [strides[0], strides[1] * stride, strides[2] * stride, strides[3]],
      offset: rows.first * strides[1] + columns.first * strides[2])
    try gradient.backend.copy(part.operand, to: canvas.operand.with(view))
    return canvas
  }

  /// The sum of the pixels that one input was doubled to.
  private func summedPixels(_ x: Tensor) throws -> Tensor {
    guard upsampling > 1 else { return x }
    var sum = try x.reshaped([input[0], input[1], upsampling, input[2], upsampling, input[3]])
    for axis in [2, 4] {
      var total = sum.sliced(axis: axis, 0..<1)
      for index in 1..<upsampling { total = try total + sum.sliced(axis: axis, index..<index + 1) }
      sum = total
    }
    return try sum.reshaped(input)
  }

  /// The gradient of the weight: for each tap, the product of what it read with the gradients, in as few products as
  /// memory allows.
  func gradientOfWeight(_ gradient: Tensor, x: Tensor) throws -> Tensor {
    let (outputs, kw, channels) = (kernel[0] / groups, kernel[2], kernel[3])
    let taps = kernel[1] * kw
    let rows = output[0] * output[1] * output[2]
    let canvas = try padded(x)
    let transposed = try gradient.reshaped([rows, groups, outputs]).transposed(1, 2, 0)
    let step = min(taps, max(1, Self.columnByteCount / max(4 * rows * groups * channels, 1)))
    var parts: [Tensor] = []
    for first in stride(from: 0, to: taps, by: step) {
      let range = first..<min(taps, first + step)
      let columns = try Tensor(
        uninitialized: [groups, output[0], output[1], output[2], range.count * channels], on: gradient.backend)
      for (place, tap) in range.enumerated() {
        let read = canvas.operand.with(window(of: canvas, row: tap / kw, column: tap % kw))
        let target = columns.sliced(axis: 4, place * channels..<(place + 1) * channels)
        try gradient.backend.copy(read, to: target.operand)
      }
      parts.append(try transposed.matmul(columns.reshaped([groups, rows, range.count * channels])))
    }
    return try Tensor.concatenate(parts, axis: 2).reshaped(kernel)
  }

  /// What one tap of the kernel reads of the canvas, `[groups, B, H', W', I / groups]`.
  private func window(of canvas: Tensor, row: Int, column: Int) -> View {
    let view = canvas.operand.view
    return View(
      shape: [groups, output[0], output[1], output[2], kernel[3]],
      strides: [
        kernel[3] * view.strides[3], view.strides[0], view.strides[1] * geometry.stride,
        view.strides[2] * geometry.stride, view.strides[3],
      ],
      offset: view.offset + geometry.dilation * (row * view.strides[1] + column * view.strides[2]))
  }

  /// The input as the kernel sees it: doubled, with zeros around.
  private func padded(_ x: Tensor) throws -> Tensor {
    let (before, after) = (geometry.paddingBefore, geometry.paddingAfter)
    if upsampling == 1 && before == 0 && after == 0 { return x }
    let shape: Shape = [input[0], height + before + after, width + before + after, input[3]]
    let canvas = try Tensor(repeating: 0, shape: shape, on: x.backend)
    let inside = canvas.sliced(axis: 1, before..<before + height).sliced(axis: 2, before..<before + width)
    let split: Shape = [input[0], input[1], upsampling, input[2], upsampling, input[3]]
    let read = try x.reshaped([input[0], input[1], 1, input[2], 1, input[3]]).broadcast(to: split)
    let view = inside.operand.view
    let strides = view.strides
    // Every pixel of the canvas by the input's pixel and the place within it.
    let target = View(
      shape: split,
      strides: [
        strides[0], strides[1] * upsampling, strides[1], strides[2] * upsampling, strides[2], strides[3],
      ], offset: view.offset)
    try x.backend.copy(read.operand, to: canvas.operand.with(target))
    return canvas
  }
}
