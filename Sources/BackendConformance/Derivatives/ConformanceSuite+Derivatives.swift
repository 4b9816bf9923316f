// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  /// Runs the derivatives of every member, by a `Tape` before a backend, against differences of the oracle in double
  /// precision.
  ///
  /// The cases are those of ``run(on:options:)``, with their shapes, strides and element types, without the large ones
  /// and those beyond what `f32` can tell. Derivatives are made of a backend's members, so what is found out is whether
  /// the backend can train.
  ///
  /// - Parameter step: every how many cases of a member one is run, for a device on which each takes long.
  public static func runDerivatives(
    on backend: any Backend, options: ConformanceOptions = ConformanceOptions(), every step: Int = 1
  ) -> [ConformanceResult] {
    runDerivatives(onAll: [backend], options: options, every: step)[0]
  }

  /// The same on several backends, with the oracle's differences made once for all.
  public static func runDerivatives(
    onAll backends: [any Backend], options: ConformanceOptions = ConformanceOptions(), every step: Int = 1
  ) -> [[ConformanceResult]] {
    precondition(step > 0, "every \(step) cases")
    var results = [[ConformanceResult]](repeating: [], count: backends.count)
    var counts: [String: Int] = [:]
    for test in derivativeCases(options) {
      let count = counts[test.operation, default: 0]
      counts[test.operation] = count + 1
      guard count % step == 0 else { continue }
      let prepared = DerivativeCase(test, options: options)
      for (index, backend) in backends.enumerated() { results[index].append(prepared.run(on: backend)) }
    }
    return results
  }

  private static func derivativeCases(_ options: ConformanceOptions) -> [ConformanceCase] {
    let all = BackendMember.allCases.flatMap(cases) + transposedConvolutionCases()
    return all.filter { test in
      // A fill depends on nothing.
      !test.sources.isEmpty && (options.operations?.contains(test.operation) ?? true) && !test.isLarge
        && !test.isNonFinite
        && test.outShape.elementCount <= 4000 && !hasNoVariance(test)
        && test.sources.allSatisfy { $0.content.isWellConditioned && $0.shape.elementCount <= 4000 }
    }
  }

  /// Whether all elements that a norm compares are the same: what is left after the mean is rounding, times a hundred.
  private static func hasNoVariance(_ test: ConformanceCase) -> Bool {
    guard ["layerNorm", "groupNorm"].contains(test.operation), let x = test.sources.first else { return false }
    return x.layout.repeated.contains(x.shape.rank - 1)
  }
}
