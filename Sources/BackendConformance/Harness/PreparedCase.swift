// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A case with its inputs made and its answer known, to be run on any number of backends.
struct PreparedCase {
  private struct Input {
    let view: View
    let dtype: DType
    let bytes: [UInt8]
  }

  let test: ConformanceCase
  let options: ConformanceOptions
  private let inputs: [Input]
  private let judge: Judge

  init(_ test: ConformanceCase, options: ConformanceOptions) {
    self.test = test
    self.options = options
    var generator = SeededGenerator(test.operation + test.description, seed: options.seed)
    var inputs: [Input] = []
    var values: [Values] = []
    for source in test.sources {
      let (view, count) = source.layout.place(source.shape)
      // What lies between the elements is poison too: reading it spoils the result.
      var bytes = Storage.poisoned(count, source.dtype)
      var elements: [Double] = []
      let positions = view.positions
      elements.reserveCapacity(positions.count)
      for (index, position) in positions.enumerated() {
        var bits = bytes.withUnsafeBytes { Storage.read(at: position, source.dtype, from: $0) }
        // A repeated element was made when it was met first.
        if bits == Storage.poison(source.dtype) {
          bits = source.content.bits(index, source.dtype, &generator, flushes: options.allowsFlushedSubnormals)
          Storage.write(bits, at: position, source.dtype, into: &bytes)
        }
        elements.append(Storage.decode(bits, from: source.dtype))
      }
      inputs.append(Input(view: view, dtype: source.dtype, bytes: bytes))
      values.append(Values(shape: source.shape, elements: elements))
    }
    self.inputs = inputs
    let (view, count) = test.outLayout.place(test.outShape)
    var tolerance = test.tolerance
    if ["conv2d", "convolution", "transposedConvolution"].contains(test.operation) {
      tolerance = tolerance.scaled(by: options.convolutionSlack)
    }
    if options.factorType != .f32 {
      for (index, scale) in test.factors {
        for place in values[index].elements.indices {
          values[index].elements[place] = rounded(
            values[index].elements[place], scale: scale, to: options.factorType)
        }
      }
      tolerance = tolerance.roundingFactors(test.innerFactors, to: options.factorType)
    }
    judge = Judge(
      expectation: test.oracle(values), view: view, bufferCount: count, dtype: test.outDType, tolerance: tolerance,
      allowsFlushedSubnormals: options.allowsFlushedSubnormals)
  }

  /// Runs the case twice: memory that the first run left behind must not show in the second.
  func run(on backend: any Backend, variant: ConformanceResult.Variant) -> ConformanceResult {
    var worst = 0.0
    var failure: String?
    var fingerprint: UInt64 = 0
    var time = Duration.zero
    do {
      for round in 1...2 where failure == nil {
        if round == 2 { try poisonFreedMemory(of: backend) }
        let verdict = try runOnce(on: backend, time: &time)
        (worst, fingerprint) = (max(worst, verdict.worstError), verdict.fingerprint)
        failure = verdict.failure.map { round == 1 ? $0 : "second run: \($0)" }
      }
    } catch {
      failure = "threw \(error)"
    }
    return ConformanceResult(
      operation: test.operation, variant: variant, caseDescription: test.description, worstError: worst,
      tolerance: judge.tolerance.value, toleranceReason: judge.tolerance.reason, failure: failure,
      fingerprint: fingerprint, seconds: time / .seconds(1))
  }

  private func runOnce(on backend: any Backend, time: inout Duration) throws -> Judge.Verdict {
    let start = ContinuousClock.now
    let operands = try inputs.map { input in
      let buffer = try input.bytes.withUnsafeBytes { try backend.makeBuffer(copying: $0) }
      return Operand(buffer: buffer, view: input.view, dtype: input.dtype)
    }
    let blank = Storage.poisoned(judge.bufferCount, judge.dtype)
    let target = try blank.withUnsafeBytes { try backend.makeBuffer(copying: $0) }
    try test.compute(backend, operands, Operand(buffer: target, view: judge.view, dtype: judge.dtype))
    let result = try bytes(of: target, count: blank.count, on: backend)
    time += ContinuousClock.now - start
    var verdict = judge.judge(result)
    for (index, (operand, input)) in zip(operands, inputs).enumerated() where verdict.failure == nil {
      if try bytes(of: operand.buffer, count: input.bytes.count, on: backend) != input.bytes {
        verdict.failure = "source \(index) was written to"
      }
    }
    return verdict
  }

  /// Buffers of the sizes that an implementation is likely to ask for, full of poison, then freed.
  private func poisonFreedMemory(of backend: any Backend) throws {
    let shapes = test.sources.map(\.shape) + [test.outShape, test.outShape]
    let buffers = try shapes.map { shape in
      try Storage.poisoned(shape.elementCount, .f32).withUnsafeBytes { try backend.makeBuffer(copying: $0) }
    }
    withExtendedLifetime(buffers) {}
  }

  private func bytes(of buffer: any Buffer, count: Int, on backend: any Backend) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try backend.read(buffer, byteOffset: 0, into: $0) }
    return bytes
  }
}

/// What rounding makes of a factor that is scaled first, before the scale.
private func rounded(_ x: Double, scale: Float, to dtype: DType) -> Double {
  let product = Double(Float(x) * scale)
  let result = Storage.decode(Storage.encode(product, as: dtype), from: dtype)
  return scale == 0 ? x : result / Double(scale)
}

extension Source.Content {
  /// The bits of one element.
  fileprivate func bits(_ index: Int, _ dtype: DType, _ generator: inout SeededGenerator, flushes: Bool) -> UInt32 {
    var value: Double
    switch self {
    case .normal(let mean, let deviation): value = mean + deviation * generator.normal()
    case .uniform(let range): value = range.lowerBound + (range.upperBound - range.lowerBound) * generator.uniform()
    case .list(let values): value = values[index % values.count]
    case .bits(let patterns): return patterns[index % patterns.count]
    case .computed(let make): value = make(index, &generator)
    }
    if flushes, dtype != .f16, abs(value) < 0x1p-126 { value = 0 }
    return Storage.encode(value, as: dtype)
  }
}
