// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// Vector-Jacobian products of all operations as PyTorch made them, on any memory of the tape and on any backend.
@Suite struct RecordedGradientTests {
  /// 5 to 10 times what `f32` is off from `f64` in PyTorch. A mean far beyond the deviation costs a norm digits: 32 times
  /// it, five times as much.
  private static func tolerance(_ operation: String, _ inputs: [String: Tensor]) throws -> Double {
    guard operation.hasSuffix("_norm"), let values = try inputs["x"]?.floats(), !values.isEmpty else { return 1e-5 }
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let ratio = abs(mean) / max((squares / Double(values.count)).squareRoot(), 1e-30)
    return 1e-5 * min(5, max(1, ratio / 6))
  }

  /// Compares outputs and gradients of all cases; how many gradients there were, and the largest error.
  private func check(_ golden: TrainingGolden, _ setting: GradientSetting) throws -> (count: Int, worst: Double) {
    let base = try setting.backend.make()
    let tape = Tape(base, memory: setting.memory)
    var (count, worst) = (0, 0.0)
    for test in golden.list() {
      let (name, operation) = (test.string("name"), test.string("op"))
      func recorded(_ key: String) throws -> Tensor {
        let last = "\(name).channels_last.\(key)"
        return try golden.tensor(golden.contains(last) ? last : "\(name).\(key)", on: base)
      }
      let constants = test.strings("constants")
      var inputs: [String: Tensor] = [:]
      for key in test.table("inputs").keys {
        let value = try recorded(key)
        inputs[key] = constants.contains(key) ? tape.constant(value) : tape.variable(value)
      }
      let tolerance = try Self.tolerance(operation, inputs)
      let run = RecordedOperation(operation: operation, parameters: test.table("parameters"))
      let out = try tape.recording { try run(inputs) }
      let expected = try recorded("out")
      let scalar = expected.shape.rank == 0
      let upstream = try scalar ? Tensor([1], shape: out.shape, on: base) : recorded("dout")
      let outError = try tape.onBase(out).reshaped(expected.shape).relativeError(to: expected)
      #expect(outError < tolerance, "\(name): the result is off by \(outError)")
      let names = inputs.keys.filter { !constants.contains($0) }.sorted()
      let gradients = try tape.gradients(of: [(out, upstream)], at: names.compactMap { inputs[$0] })
      for (key, gradient) in zip(names, gradients) {
        let expected = try recorded("d.\(key)")
        // Of a result without elements nothing is recorded: no gradient stands for one of zeros.
        let found = try gradient ?? Tensor(repeating: 0, shape: expected.shape, on: base)
        let error = try found.relativeError(to: expected)
        #expect(error < tolerance, "\(name): the gradient of \(key) is off by \(error)")
        (count, worst) = (count + 1, max(worst, error))
      }
    }
    return (count, worst)
  }

  /// The package's own recordings with each memory of the tape, others with one.
  private static let settings =
    [.recomputed(partByteCount: 0), .recomputed(partByteCount: 1 << 30)].map { GradientSetting(memory: $0) }
    + GradientSetting.all(memories: [.kept])

  @Test(arguments: settings) func gradientsAreThoseRecorded(_ setting: GradientSetting) throws {
    let golden = try TrainingGolden("gradients", of: setting.set)
    let (count, worst) = try check(golden, setting)
    #expect(count == golden.file.keys.filter { $0.contains(".d.") && !$0.contains(".channels_last.") }.count)
    print("\(setting): \(count) gradients, worst \(worst)")
  }
}
