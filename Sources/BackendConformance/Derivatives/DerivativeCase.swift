// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining

/// A case of the suite whose derivative is checked: gradients by a tape against differences of the oracle.
///
/// The oracle computes in double precision, so that central differences with one extrapolation (Richardson) are exact to
/// some ten digits wherever the member is smooth.
struct DerivativeCase {
  private struct Input {
    let view: View
    let dtype: DType
    let bytes: [UInt8]
    let values: Values
    /// The elements that stand at one place of the buffer, for every place.
    let places: [[Int]]
  }

  private struct Expected {
    let place: Int
    let gradient: Double
    /// The sum of the magnitudes that the gradient is a sum of.
    let magnitude: Double
  }

  /// How many elements of a source are moved.
  private static let sampleCount = 3
  /// How far they are moved.
  private static let distance = 1e-4

  let test: ConformanceCase
  private let inputs: [Input]
  private let weights: [Double]
  /// For each source the places that are compared, but for those with a kink nearby.
  private let expected: [[Expected]]
  private let tolerance: Tolerance

  init(_ test: ConformanceCase, options: ConformanceOptions) {
    self.test = test
    var generator = SeededGenerator("derivative \(test.operation) \(test.description)", seed: options.seed)
    let inputs = test.sources.map { Self.input($0, &generator) }
    let weights = (0..<test.outShape.elementCount).map { _ in Double(Float(generator.normal())) }
    /// How each result changes, times its weight.
    func differences(_ source: Int, _ elements: [Int], by distance: Double) -> [Double] {
      var sources = inputs.map(\.values)
      for element in elements { sources[source].elements[element] += distance }
      let after = test.oracle(sources).values
      for element in elements { sources[source].elements[element] -= 2 * distance }
      let before = test.oracle(sources).values
      return weights.indices.map { weights[$0] * (after[$0] - before[$0]) / (2 * distance) }
    }
    expected = inputs.indices.map { source in
      let places = inputs[source].places
      guard !places.isEmpty else { return [] }
      let chosen = Set((0..<Self.sampleCount).map { _ in Int(generator.uniform() * Double(places.count)) } + [0])
      return chosen.sorted().compactMap { place in
        let elements = places[place]
        let coarse = differences(source, elements, by: Self.distance).reduce(0, +)
        let fine = differences(source, elements, by: Self.distance / 2).reduce(0, +)
        let gradient = (4 * fine - coarse) / 3
        // Where both differ, a kink lies between, or the member bends too much to tell.
        guard abs(fine - coarse) <= 1e-5 * max(abs(fine), 1e-2), gradient.isFinite else { return nil }
        // Of an element that stands at many places, some are looked at.
        let some = stride(from: 0, to: elements.count, by: max(1, elements.count / 16)).map { elements[$0] }
        let terms = some.reduce(0.0) { sum, element in
          differences(source, [element], by: Self.distance).reduce(sum) { $0 + abs($1) }
        }
        let magnitude = terms * Double(elements.count) / Double(some.count)
        return Expected(place: place, gradient: gradient, magnitude: magnitude)
      }
    }
    self.inputs = inputs
    self.weights = weights
    let rounding = Storage.unitRoundoff(test.outDType) + Storage.unitRoundoff(options.factorType)
    // Norms and softmax subtract what is nearly the same, and large logits have few digits behind the point.
    let isSensitive = ["layerNorm", "groupNorm", "softmax", "attention"].contains(test.operation)
    let base = isSensitive ? 2e-4 : 1e-5
    tolerance = Tolerance(
      value: (base + (rounding > 1e-6 ? 8 * rounding : 0)) * options.convolutionSlack,
      reason: "\(short(base)) for the f32 roundings on the way, and 8 roundings to what results and factors are stored "
        + "in; relative to the largest sum of magnitudes of the source's gradients")
  }

  private static func input(_ source: Source, _ generator: inout SeededGenerator) -> Input {
    let (view, count) = source.layout.place(source.shape)
    var bytes = Storage.poisoned(count, source.dtype)
    var elements: [Double] = []
    var places: [Int: [Int]] = [:]
    for (index, position) in view.positions.enumerated() {
      if places[position] == nil {
        let value = source.content.value(index, &generator)
        Storage.write(Storage.encode(value, as: source.dtype), at: position, source.dtype, into: &bytes)
      }
      let bits = bytes.withUnsafeBytes { Storage.read(at: position, source.dtype, from: $0) }
      elements.append(Storage.decode(bits, from: source.dtype))
      places[position, default: []].append(index)
    }
    return Input(
      view: view, dtype: source.dtype, bytes: bytes, values: Values(shape: source.shape, elements: elements),
      places: places.sorted { $0.key < $1.key }.map(\.value))
  }

  func run(on backend: any Backend) -> ConformanceResult {
    var worst = 0.0
    var failure: String?
    var fingerprint = fnv1a(EmptyCollection())
    let clock = ContinuousClock()
    let start = clock.now
    do {
      for (source, found) in try gradients(on: backend).enumerated() {
        let scale = max(expected[source].map(\.magnitude).max() ?? 0, 1e-2)
        for entry in expected[source] {
          let (gradient, element) = (entry.gradient, inputs[source].places[entry.place][0])
          let value = Double(found?[element] ?? 0)
          fingerprint = (fingerprint ^ UInt64(Float(value).bitPattern)) &* 0x100_0000_01b3
          let error = abs(value - gradient) / scale
          worst = max(worst, error.isNaN ? .infinity : error)
          if !(error <= tolerance.value), failure == nil {
            failure =
              "the gradient of element \(element) of source \(source) is \(value), expected \(short(gradient)); "
              + "the magnitude is \(short(scale))"
          }
        }
      }
    } catch {
      failure = "threw \(error)"
    }
    return ConformanceResult(
      operation: "derivative of \(test.operation)", variant: .member, caseDescription: test.description,
      worstError: worst, tolerance: tolerance.value, toleranceReason: tolerance.reason, failure: failure,
      fingerprint: fingerprint, seconds: (clock.now - start) / .seconds(1))
  }

  /// The gradients of all sources, row-major; nil for one that has no influence.
  private func gradients(on backend: any Backend) throws -> [[Float]?] {
    let base = PoisoningBackend(backend)
    let tape = Tape(base)
    let sources = try inputs.map { input in
      let buffer = try input.bytes.withUnsafeBytes { try base.makeBuffer(copying: $0) }
      return tape.variable(Tensor(Operand(buffer: buffer, view: input.view, dtype: input.dtype), on: base))
    }
    let (view, count) = test.outLayout.place(test.outShape)
    let blank = Storage.poisoned(count, test.outDType)
    let buffer = try blank.withUnsafeBytes { try tape.makeBuffer(copying: $0) }
    let out = Tensor(Operand(buffer: buffer, view: view, dtype: test.outDType), on: tape)
    try tape.recording { try test.compute(tape, sources.map(\.operand), out.operand) }
    let upstream = try Tensor(weights.map { Float($0) }, shape: test.outShape, on: base)
    return try tape.gradients(of: [(out, upstream)], at: sources).map { try $0?.floats() }
  }
}

extension Source.Content {
  /// One element, before it is rounded.
  fileprivate func value(_ index: Int, _ generator: inout SeededGenerator) -> Double {
    switch self {
    case .normal(let mean, let deviation): mean + deviation * generator.normal()
    case .uniform(let range): range.lowerBound + (range.upperBound - range.lowerBound) * generator.uniform()
    case .list(let values): values[index % values.count]
    case .bits(let patterns): Storage.decode(patterns[index % patterns.count], from: .f32)
    case .computed(let make): make(index, &generator)
    }
  }

  /// Whether `f32` holds enough digits of such a source for its derivatives: an offset far beyond the deviation leaves
  /// few.
  var isWellConditioned: Bool {
    switch self {
    case .normal(let mean, let deviation): abs(mean) <= 50 * deviation && deviation < 100 && deviation > 1e-2
    case .uniform: true
    case .list(let values): values.allSatisfy { $0.isFinite && abs($0) < 100 }
    case .bits, .computed: false
    }
  }
}
