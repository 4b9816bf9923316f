// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Dispatch
import Foundation
import TestSupport
import Testing

/// What a tape does besides derivatives: views, overwriting, what it keeps, what it refuses.
@Suite struct TapeTests {
  private let base: CPUBackend
  private let tape: Tape

  init() throws {
    base = try CPUBackend(threads: 1)
    tape = Tape(base)
  }

  private func variable(_ values: [Float], _ shape: Shape) throws -> Tensor {
    tape.variable(try Tensor(values, shape: shape, on: base))
  }

  /// The gradient of the sum of all elements.
  private func gradient(of result: Tensor, at x: Tensor) throws -> [Float]? {
    let ones = try Tensor(repeating: 1, shape: result.shape, on: base)
    return try tape.gradients(of: [(result, ones)], at: [x])[0]?.floats()
  }

  @Test func anElementThatIsReadTwiceGetsTheSum() throws {
    let x = try variable([1, 2, 3, 4, 5, 6], [2, 3])
    let y = try tape.recording {
      try Tensor.concatenate([x.sliced(axis: 1, 0..<2) * 2, x.sliced(axis: 1, 1..<3) * 3], axis: 1)
    }
    #expect(try gradient(of: y, at: x) == [2, 5, 3, 2, 5, 3])
  }

  @Test func viewsShareTheirGradient() throws {
    let x = try variable([1, 2, 3, 4, 5, 6], [2, 3])
    let y = try tape.recording {
      let turned = x.transposed(1, 0)
      return try turned * turned + x.reshaped([3, 2]) + x.sliced(axis: 0, 0..<1).reshaped([3, 1])
    }
    #expect(try gradient(of: y, at: x) == [5, 7, 9, 9, 11, 13])
  }

  @Test func aPartThatIsOverwrittenGetsNoGradient() throws {
    let x = try variable([1, 2, 3, 4], [4])
    let z = try variable([7, 8], [2])
    let (y, first) = try tape.recording {
      let y = try x * 2
      // What stood there before was read, and counts.
      let first = try y * 10
      try tape.copy(z.operand, to: y.sliced(axis: 0, 1..<3).operand)
      return (y, first)
    }
    let ones = try Tensor(repeating: 1, shape: [4], on: base)
    let gradients = try tape.gradients(of: [(y, ones), (first, ones)], at: [x, z])
    #expect(try gradients[0]?.floats() == [22, 20, 20, 22])
    #expect(try gradients[1]?.floats() == [1, 1])
  }

  @Test func aConstantThatIsWrittenOverAResultStopsTheGradient() throws {
    let x = try variable([1, 2, 3], [3])
    let y = try tape.recording {
      let y = try x * 2
      try tape.fill(y.sliced(axis: 0, 0..<1).operand, with: 5)
      return y
    }
    #expect(try tape.onBase(y).floats() == [5, 4, 6])
    #expect(try gradient(of: y, at: x) == [0, 2, 2])
  }

  @Test func aNeededValueThatWasOverwrittenIsRefused() throws {
    let x = try variable([1, 2], [2])
    let y = try tape.recording {
      let y = try x * 3
      let z = try y * y
      try tape.fill(y.operand, with: 0)
      return z
    }
    #expect(throws: TrainingError.overwritten(member: "binary")) { try gradient(of: y, at: x) }
  }

  @Test func aVariableThatWasAssignedBeforeTheGradientIsRefused() throws {
    let x = try variable([1, 2], [2])
    let y = try tape.recording { try x * x }
    try tape.assign(Tensor([3, 4], shape: [2], on: base), to: x)
    #expect(throws: TrainingError.overwritten(member: "binary")) { try gradient(of: y, at: x) }
    #expect(try x.floats() == [3, 4])
  }

  @Test func onlyWhatDependsOnVariablesIsRecorded() throws {
    let x = try variable([1, 2], [2])
    let c = tape.constant(try Tensor([5, 6], shape: [2], on: base))
    let (y, constant) = try tape.recording {
      let constant = try (c * c).exp()
      return (try x * constant, constant)
    }
    #expect(tape.recordedCallCount == 1)
    #expect(try tape.gradients(of: [(constant, c)], at: [x])[0] == nil)
    #expect(throws: TrainingError.notRecorded) { try gradient(of: y, at: x) }
  }

  @Test func whatIsNotRecordedIsConstant() throws {
    let x = try variable([2, 3], [2])
    let y = try tape.recording { try x * tape.withoutRecording { try x * x } }
    #expect(try gradient(of: y, at: x) == [4, 9])
    let outside = try x * x
    #expect(throws: TrainingError.notRecorded) { try gradient(of: outside, at: x) }
  }

  @Test func anUnreachedVariableHasNoGradient() throws {
    let (x, z) = (try variable([2], [1]), try variable([3], [1]))
    let y = try tape.recording { try x * 2 }
    let gradients = try tape.gradients(of: y, at: [z, x])
    #expect(gradients[0] == nil)
    #expect(try gradients[1]?.floats() == [2])
  }

  @Test func intermediateTensorsHaveGradientsToo() throws {
    let x = try variable([2, 3], [2])
    let (y, z) = try tape.recording {
      let y = try x * 3
      return (y, try (y * y).sum())
    }
    #expect(try tape.gradients(of: z, at: [y])[0]?.floats() == [12, 18])
  }

  /// In either order: what comes first is whole, or a part.
  @Test(arguments: [false, true]) func gradientsThatAreHandedOnAreNotChangedLater(partsFirst: Bool) throws {
    // Both operands of a sum take its gradient as it is; one of them then gets more, in a part.
    let (x, z) = (try variable([1, 2, 3], [3]), try variable([4, 5, 6], [3]))
    let y = try tape.recording {
      func parts() throws -> Tensor {
        try Tensor.concatenate([x.sliced(axis: 0, 0..<1) * 5, z.sliced(axis: 0, 0..<2)], axis: 0)
      }
      if partsFirst { return try parts() + (x + z) }
      let sum = try x + z
      return try sum + parts()
    }
    let gradients = try tape.gradients(of: [(y, Tensor([1, 10, 100], shape: [3], on: base))], at: [x, z])
    #expect(try gradients[0]?.floats() == [6, 10, 100])
    #expect(try gradients[1]?.floats() == [11, 110, 100])
  }

  @Test func emptyTensorsHaveEmptyGradients() throws {
    let x = try variable([], [0, 3])
    let w = try variable([1, 2, 3, 4, 5, 6], [2, 3])
    let y = try tape.recording { try x.linear(weight: w) }
    let gradients = try tape.gradients(of: [(y, Tensor([], shape: [0, 2], on: base))], at: [x, w])
    #expect(gradients[0].map { $0.shape == [0, 3] } ?? true)
    #expect(try gradients[1].map { try $0.floats() } ?? [0, 0, 0, 0, 0, 0] == [0, 0, 0, 0, 0, 0])
  }

  /// The reason of a misuse; empty where there was none.
  private func misuse(_ body: () throws -> Void) throws -> String {
    do {
      try body()
      return ""
    } catch TrainingError.misused(let reason) { return reason }
  }

  @Test func wrongUseIsAnError() throws {
    let x = try variable([1, 2, 3], [3])
    let y = try tape.recording { try x * x }
    #expect(try misuse { _ = try tape.gradients(of: y, at: [x]) }.contains("3 numbers"))
    let few = try Tensor([1], shape: [1], on: base)
    #expect(try misuse { _ = try tape.gradients(of: [(y, few)], at: [x]) } != "")
    // The recording is still there.
    #expect(try gradient(of: y, at: x) == [2, 4, 6])
    #expect(try misuse { try tape.assign(few, to: x) } != "")
    #expect(try misuse { try tape.recording { try tape.recording { _ = try x * 2 } } } != "")
    #expect(
      try misuse {
        try tape.recording {
          try tape.withoutRecording { _ = try tape.gradients(of: (x * x).sum(), at: [x]) }
        }
      } != "")
    #expect(try gradient(of: tape.recording { try x * 2 }, at: x) == [2, 2, 2])

    var sum = GradientAccumulator(count: 1)
    #expect(try misuse { try sum.add([few, few]) } != "")
    try sum.add([few])
    #expect(try misuse { try sum.add([y]) } != "")
    let optimizer = try AdamW([TrainableParameter(key: "x", value: x, order: .checkpoint)], on: tape)
    #expect(try misuse { try optimizer.step([], learningRate: 1) } != "")
    #expect(try misuse { try optimizer.step([few], learningRate: 1) }.contains("of x"))
    #expect(optimizer.stepCount == 0)
    #expect(try x.floats() == [1, 2, 3])
  }

  @Test func anotherThreadCannotRecordMeanwhile() throws {
    let x = try variable([1, 2], [2])
    let tape = tape
    let (begun, refused, ended) = (
      DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
    )
    Thread.detachNewThread {
      _ = try? tape.recording {
        begun.signal()
        refused.wait()
        return try x * 3
      }
      ended.signal()
    }
    begun.wait()
    #expect(try misuse { _ = try tape.recording { try x * x } } != "")
    refused.signal()
    ended.wait()
    #expect(tape.recordedCallCount == 1)
  }

  @Test func frozenLayersKeepNothing() throws {
    // Ten frozen layers after one that learns: only their weights are needed, which are there anyway.
    func peak(trained: Bool) throws -> Int {
      let meter = MeteringBackend()
      let tape = Tape(meter)
      func weight(_ learns: Bool) throws -> Tensor {
        let tensor = try Tensor(uninitialized: [64, 64], on: meter)
        return learns ? tape.variable(tensor) : tape.constant(tensor)
      }
      let weights = try (0..<10).map { try weight(trained || $0 == 0) }
      let x = tape.constant(try Tensor(uninitialized: [256, 64], on: meter))
      meter.account.resetPeak()
      let y = try tape.recording { try weights.reduce(x) { try $0.linear(weight: $1) } }
      let loss = meter.account.liveByteCount
      withExtendedLifetime(y) {}
      return loss
    }
    let activation = 256 * 64 * 4
    let (frozen, all) = (try peak(trained: false), try peak(trained: true))
    #expect(all - frozen == 9 * activation, "\(all) and \(frozen) bytes")
  }
}
