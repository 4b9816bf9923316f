// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// AdamW, clipping, warm-up and averages against PyTorch's.
@Suite struct OptimizerTests {
  private let base: CPUBackend

  init() throws { base = try CPUBackend(threads: 1) }

  /// By the processor's own step, and by one that is made of members.
  @Test(arguments: GoldenSet.all, [false, true]) func stepsAreThoseRecorded(set: GoldenSet, byMembers: Bool) throws {
    let base: any Backend = byMembers ? PrimitivesOnly(self.base) : self.base
    let golden = try TrainingGolden("lora_step", of: set)
    let cases = golden.list("optimizer_cases")
    try #require(!cases.isEmpty)
    for test in cases {
      let (name, betas) = (test.string("name"), test["betas"] as? [Double] ?? [])
      let tape = Tape(base)
      let start = "optimizer.\(name).start."
      let names = golden.file.keys.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
      #expect(!names.isEmpty)
      let parameters = try names.map {
        TrainableParameter(
          key: $0, value: tape.variable(try golden.tensor(start + $0, on: base)),
          order: .checkpoint)
      }
      let optimizer = try AdamW(
        parameters, on: tape,
        configuration: AdamWConfiguration(
          beta1: betas[0], beta2: betas[1], epsilon: test.double("eps") ?? 0,
          weightDecay: test.double("weight_decay") ?? 0))
      let rate = LearningRate(peak: test.double("lr") ?? 0, warmUpStepCount: test.int("warm_up") ?? 0)
      let average = try MovingAverage(parameters, on: tape, decay: test.double("ema") ?? 0)
      let warm = try MovingAverage(parameters, on: tape, decay: test.double("ema") ?? 0, warmsUp: true)
      let steps = test["steps"] as? [[String: Any]] ?? []
      #expect(!steps.isEmpty)
      for (k, step) in steps.enumerated() {
        func recorded(_ what: String, _ tensor: String) throws -> Tensor {
          try golden.tensor("optimizer.\(name).step\(k).\(what).\(tensor)", on: base)
        }
        let gradients = try names.map { try recorded("gradient", $0) }
        let norm = try GradientNorm(gradients)
        let factor = norm.factor(limit: test.double("clip"))
        #expect(abs(norm.total - (step.double("gradient_norm") ?? -1)) <= 1e-6 * norm.total)
        #expect(abs(factor - (step.double("clip_factor") ?? -1)) < 1e-6)
        #expect(abs(rate.value(at: k) - (step.double("lr") ?? -1)) < 1e-12)
        #expect(abs(warm.decay(at: k) - (step.double("warm_ema_decay") ?? -1)) < 1e-9)
        try optimizer.step(gradients, learningRate: rate.value(at: k), scale: factor)
        try average.update()
        try warm.update()
        for (index, tensor) in names.enumerated() {
          let found: [(String, Tensor)] = try [
            ("after", tape.onBase(parameters[index].value)), ("m", optimizer.moments()[index].first),
            ("v", optimizer.moments()[index].second), ("ema", average.averages[index]),
            ("warm_ema", warm.averages[index]),
          ]
          for (what, value) in found {
            let error = try value.relativeError(to: recorded(what, tensor))
            #expect(error < 2e-6, "\(name), step \(k): \(what) of \(tensor) is off by \(error)")
          }
        }
      }
    }
  }

  @Test func aMissingGradientIsOneOfZeros() throws {
    func after(_ gradient: Tensor?) throws -> [Float] {
      let tape = Tape(base)
      let parameter = TrainableParameter(
        key: "w", value: tape.variable(try Tensor([1, -2], shape: [2], on: base)), order: .checkpoint)
      let optimizer = try AdamW([parameter], on: tape)
      try optimizer.step([try Tensor([0.5, 1], shape: [2], on: base)], learningRate: 0.1)
      try optimizer.step([gradient], learningRate: 0.1)
      return try parameter.value.floats()
    }
    let zeros = try Tensor([0, 0], shape: [2], on: base)
    #expect(try after(nil) == after(zeros))
  }

  @Test func anOptimizerGoesOnBitForBit() throws {
    func run(restoring: Bool) throws -> [Float] {
      let tape = Tape(base)
      let parameter = TrainableParameter(
        key: "w", value: tape.variable(try Tensor([1, -2, 0.3], shape: [3], on: base)), order: .checkpoint)
      var optimizer = try AdamW([parameter], on: tape)
      for step in 0..<6 {
        if restoring && step == 3 {
          let fresh = try AdamW([parameter], on: tape)
          try fresh.restore(stepCount: optimizer.stepCount, moments: optimizer.moments())
          optimizer = fresh
        }
        let gradient = try Tensor([Float(step) - 2, 0.1, -3], shape: [3], on: base)
        try optimizer.step([gradient], learningRate: 0.01)
      }
      return try parameter.value.floats()
    }
    #expect(try run(restoring: false) == run(restoring: true))
  }

  @Test func partsOfABatchAddUpToIt() throws {
    var sum = GradientAccumulator(count: 2)
    try sum.add([Tensor([1, 2], shape: [2], on: base), nil], weight: 0.5)
    try sum.add([Tensor([3, 6], shape: [2], on: base), Tensor([8], shape: [1], on: base)], weight: 0.25)
    #expect(try sum.gradients[0]?.floats() == [1.25, 2.5])
    #expect(try sum.gradients[1]?.floats() == [2])
  }

  @Test func aGradientThatIsNotFiniteNamesItsParameter() throws {
    let tape = Tape(base)
    let parameters = try ["fine", "faulty"].map {
      TrainableParameter(key: $0, value: tape.variable(try Tensor([1], shape: [1], on: base)), order: .checkpoint)
    }
    let norm = try GradientNorm([Tensor([2], shape: [1], on: base), Tensor([.infinity], shape: [1], on: base)])
    #expect(throws: TrainingError.notFinite(what: "the gradient in step 7 of faulty")) {
      try norm.requireFinite(parameters, step: 7)
    }
  }

  @Test func theCosineFallsToItsFloor() {
    let rate = LearningRate(peak: 2, warmUpStepCount: 4, decay: .cosine(stepCount: 104, floor: 0.5))
    #expect(rate.value(at: 0) == 0.5)
    #expect(rate.value(at: 3) == 2)
    #expect(rate.value(at: 4) == 2)
    #expect(abs(rate.value(at: 54) - 1.25) < 1e-12)
    #expect(abs(rate.value(at: 104) - 0.5) < 1e-12)
    #expect(rate.value(at: 500) == 0.5)
    #expect((4..<104).allSatisfy { rate.value(at: $0 + 1) < rate.value(at: $0) })
    #expect(LearningRate(peak: 3).value(at: 9) == 3)
    #expect(LearningRate(peak: 3, warmUpStepCount: 9, decay: .cosine(stepCount: 5, floor: 1)).value(at: 20) == 1)
  }
}
