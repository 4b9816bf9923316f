// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// An exponential moving average of the parameters: `a <- a + (1 - d) (p - a)`.
///
/// Not for several threads at once.
public final class MovingAverage {
  /// The decay `d` once the average is warm, in [0, 1).
  public let decay: Double
  /// Whether early steps count more: step k decays by `min(decay, (2 + k) / (11 + k))`.
  public let warmsUp: Bool
  /// The averages, in the order of the parameters and of their values' axes, on the backend behind the tape.
  public private(set) var averages: [Tensor]
  /// How many steps are in them.
  public private(set) var stepCount = 0
  private let parameters: [TrainableParameter]
  private let tape: Tape

  /// An average that begins at what the parameters are.
  ///
  /// - Throws: `BackendError`.
  public init(_ parameters: [TrainableParameter], on tape: Tape, decay: Double, warmsUp: Bool = false) throws {
    self.parameters = parameters
    self.tape = tape
    self.decay = decay
    self.warmsUp = warmsUp
    averages = try parameters.map { try tape.onBase($0.value).duplicated() }
  }

  /// Goes on from where another average was.
  public func restore(stepCount: Int, averages: [Tensor]) {
    precondition(
      zip(averages, parameters).allSatisfy { $0.shape == $1.value.shape } && averages.count == parameters.count,
      "averages of other parameters")
    self.stepCount = stepCount
    self.averages = averages
  }

  /// The decay of a step, counted from 0.
  public func decay(at step: Int) -> Double {
    warmsUp ? min(decay, Double(2 + step) / Double(11 + step)) : decay
  }

  /// Takes the parameters in as they are after a step.
  ///
  /// - Throws: `BackendError`.
  public func update() throws {
    let rate = Float(1 - decay(at: stepCount))
    for (index, parameter) in parameters.enumerated() {
      averages[index] = try averages[index] + (tape.onBase(parameter.value) - averages[index]) * rate
    }
    stepCount += 1
  }
}
