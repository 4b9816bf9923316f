// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend: DerivativeBackend {
  /// Elements of a piece of work that is one pass over memory.
  private static let grain = 16 << 10

  public func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws {
    let (input, upstream) = (try floats(x), try floats(gradient))
    try withFloats(out) { target in
      let (source, d) = (floatAddress(input), floatAddress(upstream))
      threads.forEachRun(of: out.shape.elementCount, grain: Self.grain) { range in
        let start = range.lowerBound
        kernels.pointer.pointee.slopes(
          target + start, source + start, d + start, activation.code, Int64(range.count))
      }
    }
    withExtendedLifetime((input, upstream)) {}
  }

  public func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    let (rows, width) = (gradient.shape[0], gradient.shape[1])
    let (input, upstream) = (try floats(both), try floats(gradient))
    try withFloats(out) { target in
      let (source, d) = (floatAddress(input), floatAddress(upstream))
      threads.forEachRun(of: rows, grain: Self.grain / max(width, 1)) { range in
        let start = range.lowerBound
        kernels.pointer.pointee.gate_slopes(
          target + 2 * start * width, source + 2 * start * width, d + start * width, Int64(range.count), Int64(width))
      }
    }
    withExtendedLifetime((input, upstream)) {}
  }

  public func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    let width = weights.shape[weights.shape.rank - 1]
    guard weights.shape.elementCount > 0 else { return }
    let (input, upstream) = (try floats(weights), try floats(gradient))
    try withFloats(out) { target in
      let (source, d) = (floatAddress(input), floatAddress(upstream))
      threads.forEachRun(of: weights.shape.elementCount / width, grain: Self.grain / width) { range in
        let start = range.lowerBound * width
        kernels.pointer.pointee.softmax_slopes(
          target + start, source + start, d + start, scale, Int64(range.count), Int64(width))
      }
    }
    withExtendedLifetime((input, upstream)) {}
  }

  public func columnSums(_ x: Operand, to out: Operand) throws {
    let width = x.shape[x.shape.rank - 1]
    guard width > 0 else { return }
    let rows = x.shape.elementCount / width
    let input = try floats(x)
    let grain = max(64, (256 << 10) / width)
    let runs = max(1, rows.dividedRoundingUp(by: grain))
    var sums = [Double](repeating: 0, count: runs * width)
    try withFloats(out) { target in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let s = sums.baseAddress else { return }
        let source = floatAddress(input)
        threads.forEach(runs) { run, _ in
          let first = run * grain
          kernels.pointer.pointee.column_sums(
            s + run * width, source + first * width, Int64(min(grain, rows - first)), Int64(width))
        }
        guard computes else { return }
        Self.addRuns(s, runs: runs, width: width, to: target)
      }
    }
    withExtendedLifetime(input) {}
  }

  /// Sums of runs, in their order.
  private static func addRuns(
    _ sums: UnsafePointer<Double>, runs: Int, width: Int, to target: UnsafeMutablePointer<Float>
  ) {
    for column in 0..<width {
      var total = 0.0
      for run in 0..<runs { total += sums[run * width + column] }
      target[column] = Float(total)
    }
  }

  public func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput out: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    let width = x.shape[x.shape.rank - 1]
    guard x.shape.elementCount > 0 else { return }
    let rows = x.shape.elementCount / width
    let (input, scales, upstream) = (try floats(x), try floats(gamma), try floats(gradient))
    // Few runs, so that their sums are few; at least eight where there is work for as many threads.
    let grain = max(16, min(rows.dividedRoundingUp(by: 8), max(64, (256 << 10) / width)))
    let runs = rows.dividedRoundingUp(by: grain)
    let sums = try scratch([2, runs, width])
    let memory = try scratch([threads.threads, width])
    try withFloats(out) { target in
      let (source, d, g) = (floatAddress(input), floatAddress(upstream), floatAddress(scales))
      let (gammaSums, betaSums) = (floatAddress(sums), floatAddress(sums) + runs * width)
      let own = floatAddress(memory)
      threads.forEach(runs) { run, worker in
        let first = run * grain
        kernels.pointer.pointee.layer_norm_slopes(
          target + first * width, gammaSums + run * width, betaSums + run * width, d + first * width,
          source + first * width, g, epsilon, Int64(min(grain, rows - first)), Int64(width), own + worker * width)
      }
    }
    for (part, destination) in [(0, toGamma), (1, toBeta)] {
      guard let destination else { continue }
      try withFloats(destination) { target in
        guard computes else { return }
        let start = floatAddress(sums) + part * runs * width
        for column in 0..<width {
          var total = 0.0
          for run in 0..<runs { total += Double(start[run * width + column]) }
          target[column] = Float(total)
        }
      }
    }
    withExtendedLifetime((input, scales, upstream, sums, memory)) {}
  }

  public func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws {
    let upstream = try gradient.map(floats)
    try withFloatsInPlace(value) { p in
      try withFloatsInPlace(first) { m in
        try withFloatsInPlace(second) { v in
          let g = upstream.map { floatAddress($0) }
          threads.forEachRun(of: value.shape.elementCount, grain: Self.grain) { range in
            let start = range.lowerBound
            kernels.pointer.pointee.adamw(
              p + start, m + start, v + start, g.map { $0 + start }, factors.gradientScale, Float(factors.beta1),
              Float(1 - factors.beta1), Float(factors.beta2), Float(1 - factors.beta2), factors.deviationScale,
              factors.epsilon, factors.decay, factors.rate, Int64(range.count))
          }
        }
      }
    }
    withExtendedLifetime(upstream) {}
  }

  /// Like `withFloats`, with what is there to begin with.
  private func withFloatsInPlace(_ x: Operand, _ body: (UnsafeMutablePointer<Float>) throws -> Void) throws {
    if x.dtype == .f32 && x.view.isContiguous { return try body(floatAddress(x)) }
    let own = try floats(x)
    try body(floatAddress(own))
    try copy(own, to: x)
  }
}
