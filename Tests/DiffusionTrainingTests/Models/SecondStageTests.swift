// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// Losses, gradients and steps of the second stage against those recorded of the published network.
@Suite struct SecondStageTests {
  @Test(arguments: GradientSetting.all(memories: [.kept, .recomputed(partByteCount: 100_000)]))
  func gradientsAreThoseRecorded(_ setting: GradientSetting) throws {
    let stage = try RecordedStage(setting.set, memory: setting.memory, backend: setting.backend)
    let (golden, base) = (stage.golden, stage.base)
    let trained = (golden.cases as? [String: Any])?.table("trained") ?? [:]
    #expect(Set(stage.parameters.map(\.key)) == Set(trained.keys))
    let cases = golden.list("gradient_cases")
    try #require(!cases.isEmpty)
    for test in cases {
      let name = test.string("name")
      let found = try stage.run(
        test, prefix: test.string("inputs"), layout: test.string("layout"), mode: test.string("mode"),
        prediction: test.string("parameterization"))
      let loss = test.double("loss") ?? .nan
      #expect(abs(found.loss / loss - 1) < 2e-6, "\(name): the loss is \(found.loss), not \(loss)")
      func expect(_ parts: [Tensor], _ key: String, _ tolerance: Double) throws {
        let joined = try Tensor.concatenate(parts, axis: 0)
        let expected =
          try joined.shape.rank == 4
          ? golden.channelsLast("\(name).\(key)", on: base) : golden.tensor("\(name).\(key)", on: base)
        let error = try joined.relativeError(to: expected)
        #expect(error < tolerance, "\(name): \(key) is off by \(error)")
      }
      try expect(found.noisy, "x_t", 1e-6)
      try expect(found.targets, "target", 1e-6)
      try expect(found.predictions, "prediction", 2e-5)
      try expect(found.inputGradients, "grad_x_t", 5e-5)
      if golden.contains("\(name).context") {
        try expect(found.contexts, "context", 1e-5)
        try expect(found.contextGradients, "grad_context", 1e-4)
      }
      let zero = Set(test.strings("zero"))
      let fingerprints = test.table("gradients")
      var whole: [(Tensor, Tensor)] = []
      var compared = 0
      for (parameter, gradient) in zip(stage.parameters, found.gradients) {
        let key = parameter.key
        guard let gradient else {
          #expect(zero.contains(key), "\(name): no gradient of \(key)")
          continue
        }
        if zero.contains(key) {
          #expect(try gradient.floats().allSatisfy { $0 == 0 }, "\(name): the gradient of \(key) is not zero")
          continue
        }
        let own = parameter.inCheckpointOrder(gradient)
        if fingerprints[key] != nil {
          let error = try Fingerprint(own).distance(to: fingerprints.table(key), count: own.shape.elementCount)
          #expect(error < 3e-4, "\(name): the fingerprint of the gradient of \(key) is off by \(error)")
          compared += 1
        }
        if golden.contains("\(name).grad.\(key)") {
          let expected = try golden.tensor("\(name).grad.\(key)", on: base)
          let error = try own.relativeError(to: expected)
          #expect(error < 3e-4, "\(name): the gradient of \(key) is off by \(error)")
          whole.append((own, expected))
        }
      }
      #expect(compared == fingerprints.count, "\(name): \(compared) of \(fingerprints.count) gradients")
      if !whole.isEmpty {
        let error = try wholeError(whole)
        #expect(error < 5e-5, "\(name): all gradients as one are off by \(error)")
      }
    }
  }

  @Test(arguments: GoldenSet.all) func stepsAreThoseRecorded(set: GoldenSet) throws {
    let names = try RecordedStage(set).golden.list("step_cases").map { $0.string("name") }
    try #require(!names.isEmpty)
    for name in names {
      let stage = try RecordedStage(set)
      let (golden, base) = (stage.golden, stage.base)
      let plan = try #require(golden.list("step_cases").first { $0.string("name") == name })
      let betas = plan["betas"] as? [Double] ?? []
      let optimizer = try AdamW(
        stage.parameters, on: stage.tape,
        configuration: AdamWConfiguration(
          beta1: betas[0], beta2: betas[1], epsilon: plan.double("eps") ?? 0,
          weightDecay: plan.double("weight_decay") ?? 0))
      let rate = LearningRate(peak: plan.double("lr") ?? 0, warmUpStepCount: plan.int("warm_up") ?? 0)
      let average = try MovingAverage(stage.parameters, on: stage.tape, decay: plan.double("ema") ?? 0)
      for (k, step) in (plan["steps"] as? [[String: Any]] ?? []).enumerated() {
        let found = try stage.run(
          step, prefix: "\(name).step\(k)", layout: plan.string("layout"), mode: plan.string("mode"),
          prediction: plan.string("parameterization"))
        let norm = try GradientNorm(found.gradients)
        let (loss, length) = (step.double("loss") ?? .nan, step.double("gradient_norm") ?? .nan)
        #expect(abs(found.loss / loss - 1) < 1e-5, "\(name), step \(k): the loss is \(found.loss), not \(loss)")
        #expect(abs(norm.total - length) <= 1e-4 * length, "\(name), step \(k): norm \(norm.total), not \(length)")
        try optimizer.step(
          found.gradients, learningRate: rate.value(at: k), scale: norm.factor(limit: plan.double("clip")))
        try average.update()
      }
      let fingerprints = plan.table("tensors")
      func check(_ what: String, _ values: [Tensor], moved: String, tolerance: Double, median: Double) throws {
        var errors: [Double] = []
        for (parameter, value) in zip(stage.parameters, values) {
          let key = "\(name).\(what).\(parameter.key)"
          guard golden.contains(key) else { continue }
          let expected = try golden.tensor(key, on: base)
          let recorded = fingerprints.table(parameter.key)
          let scale =
            (recorded.table(moved).double("norm") ?? .nan) + 1.5e-5 * (recorded.table(what).double("norm") ?? .nan)
          let difference = try GradientNorm([parameter.inCheckpointOrder(value) - expected]).total
          #expect(
            difference / scale < tolerance, "\(name): \(what) of \(parameter.key) is off by \(difference / scale)")
          errors.append(difference / scale)
        }
        errors.sort()
        #expect(errors.count == golden.file.keys.filter { $0.hasPrefix("\(name).\(what).") }.count)
        if !errors.isEmpty {
          let middle = errors[errors.count / 2]
          #expect(middle < median, "\(name): the median error of \(what) is \(middle)")
        }
      }
      try check(
        "after", stage.parameters.map { stage.tape.onBase($0.value) }, moved: "moved", tolerance: 3e-2, median: 5e-4)
      try check("ema", average.averages, moved: "ema_moved", tolerance: 3e-2, median: 1e-2)
    }
  }
}
