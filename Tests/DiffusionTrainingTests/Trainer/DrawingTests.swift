// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Testing

@Suite struct DrawingTests {
  @Test func aPlaceDecidesItsNumbers() {
    var one = TrainingRandom(seed: 1, 2, 3)
    var same = TrainingRandom(seed: 1, 2, 3)
    #expect(one.normals(5) == same.normals(5) && one.next() == same.next())
    let others: [TrainingRandom] = [
      TrainingRandom(seed: 2, 2, 3), TrainingRandom(seed: 1, 3, 2), TrainingRandom(seed: 1, 2),
      TrainingRandom(seed: 1, 2, 3, 0),
    ]
    var first = TrainingRandom(seed: 1, 2, 3)
    let value = first.next()
    for var other in others { #expect(other.next() != value) }
  }

  @Test func numbersAreSpreadAsTheyShould() {
    var random = TrainingRandom(seed: 7)
    let normals = random.normals(20_000).map(Double.init)
    let mean = normals.reduce(0, +) / 20_000
    let variance = normals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    let fourth = normals.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 20_000
    // Some four standard errors: 1 / sqrt(n), sqrt(2 / n), sqrt(96 / n).
    #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.04 && abs(fourth - 3) < 0.28)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[random.index(7)] += 1 }
    #expect(counts.allSatisfy { (850...1150).contains($0) })
    #expect(random.order(100).sorted() == Array(0..<100))
    #expect(random.order(1) == [0] && random.order(0) == [])
  }

  @Test func blocksOfEightBitsTellTheirNumbers() {
    var random = TrainingRandom(seed: 9)
    for isSigned in [true, false] {
      var values = random.normals(1000)
      if !isSigned { values = values.map { $0 * $0 * 1e-8 } }
      let blocks = QuantizedBlocks(values, isSigned: isSigned)
      #expect(blocks.codes.count == 1000 && blocks.scales.count == 4)
      let found = blocks.values
      for start in stride(from: 0, to: 1000, by: 256) {
        let range = start..<min(start + 256, 1000)
        let largest = values[range].map(abs).max() ?? 0
        for index in range {
          // Within the top decade steps are 0.9 / 64 of the scale, 0.9 / 128 without a sign; half of one is the most.
          #expect(abs(found[index] - values[index]) <= largest * (isSigned ? 0.45 / 64 : 0.45 / 128) * 1.01)
        }
        // Without a sign a block's largest is exact; of the code with one, -1 is the value that has no place.
        if !isSigned { #expect(found[range].max() == largest) }
      }
      if !isSigned { #expect(QuantizedBlocks(found, isSigned: false).codes == blocks.codes) }
      // Small numbers are told as well, relative to themselves.
      let small = QuantizedBlocks([1, 0.0013], isSigned: isSigned).values[1]
      #expect(abs(small / 0.0013 - 1) < 0.15)
    }
    #expect(QuantizedBlocks([0, 0], isSigned: true).values == [0, 0])
    // Without a sign nothing but 0 becomes 0.
    #expect(QuantizedBlocks([1, 1e-12, 0], isSigned: false).codes.map { $0 > 0 } == [true, true, false])
    #expect(QuantizedBlocks([], isSigned: true).values == [])
  }

  /// Eight bits take nearly the way of thirty-two, on a bowl with gradients that differ a thousandfold.
  @Test func eightBitsLearnAsWell() throws {
    func descend(_ storage: MomentStorage) throws -> Double {
      let tape = Tape(try CPUBackend())
      let count = 4096
      var random = TrainingRandom(seed: 4)
      let start = random.normals(count)
      let scales = (0..<count).map { Float($0 % 10 == 0 ? 1 : 1e-3) }
      let x = tape.variable(try Tensor(start, shape: [count], on: tape.base))
      let parameter = TrainableParameter(key: "x", value: x, order: .checkpoint)
      let optimizer = try AdamW(
        [parameter], on: tape, configuration: AdamWConfiguration(weightDecay: 0), storage: storage)
      let weights = tape.constant(try Tensor(scales, shape: [count], on: tape.base))
      for _ in 0..<60 {
        let loss = try tape.recording { try (x * x * weights).sum() }
        try optimizer.step(tape.gradients(of: loss, at: [x]), learningRate: 0.02)
      }
      return try tape.onBase(x).floats().reduce(0) { $0 + Double($1 * $1) } / Double(count)
    }
    let (single, eight) = (try descend(.single), try descend(.blocks8))
    #expect(single < 0.2 && eight < single * 1.1 + 0.01, "\(single) and \(eight)")
  }

  @Test func offsetNoiseIsWeighted() throws {
    let backend = try CPUBackend()
    let noise = try Tensor([1, 2, 3, 4, 5, 6, 7, 8], shape: [1, 2, 2, 2], on: backend)
    let offset = try Tensor([10, -10], shape: [1, 1, 1, 2], on: backend)
    let found = try DiffusionObjective.offsetNoise(noise, offset: offset, strength: 0.1).floats()
    #expect(found == [2, 1, 4, 3, 6, 5, 8, 7])
  }

  @Test func timestepsAreWeightedByTheirSignal() throws {
    let schedule = try NoiseSchedule()
    for prediction in [PredictionType.v, .eps] {
      let objective = DiffusionObjective(schedule: schedule, prediction: prediction, weighting: .minSNR(gamma: 5))
      for t in [0, 20, 300, 999] {
        let s = schedule.abar[t] / (1 - schedule.abar[t])
        let expected = prediction == .eps ? min(s, 5) / s : min(s, 5) / (s + 1)
        #expect(abs(objective.weight(at: t) - expected) < 1e-12)
      }
      let backend = try CPUBackend()
      let (a, b) = (
        try Tensor([1, 2, 3, 4], shape: [2, 1, 1, 2], on: backend),
        try Tensor([0, 0, 0, 0], shape: [2, 1, 1, 2], on: backend)
      )
      let loss = try objective.loss(a, target: b, timesteps: [20, 999]).floats()[0]
      let expected = (2.5 * objective.weight(at: 20) + 12.5 * objective.weight(at: 999)) / 2
      #expect(abs(Double(loss) / expected - 1) < 1e-6)
      // Places that weigh nothing do not count, and the others' weights are shares.
      let (wide, zero) = (
        try Tensor([1, 2, 9, 9, 3, 4, 5, 6], shape: [2, 1, 2, 2], on: backend),
        try Tensor(repeating: 0, shape: [2, 1, 2, 2], on: backend)
      )
      let places = try Tensor([2, 0, 1, 3], shape: [2, 1, 2, 1], on: backend)
      let weighed = try objective.loss(wide, target: zero, timesteps: [20, 999], places: places).floats()[0]
      let mean = (2.5 * objective.weight(at: 20) + (12.5 + 3 * 30.5) / 4 * objective.weight(at: 999)) / 2
      #expect(abs(Double(weighed) / mean - 1) < 1e-6)
    }
  }
}
