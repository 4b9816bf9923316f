// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Runs every member of a backend against an oracle in double precision.
///
/// Needs no test framework, so that a backend's author can run it from any program:
///
/// ```swift
/// let results = ConformanceSuite.run(on: MyBackend())
/// print(results.report)
/// precondition(results.failures.isEmpty)
/// ```
public enum ConformanceSuite {
  /// Runs all cases that the options select.
  ///
  /// An error that the backend throws fails the case that met it; the rest still run.
  public static func run(
    on backend: any Backend, options: ConformanceOptions = ConformanceOptions()
  ) -> [ConformanceResult] {
    run(onAll: [backend], options: options)[0]
  }

  /// Runs all cases on several backends, or several settings of one, computing the oracle once for all.
  ///
  /// - Returns: the results of each backend, in the order given; cases are in the same order for each.
  public static func run(
    onAll backends: [any Backend], options: ConformanceOptions = ConformanceOptions()
  ) -> [[ConformanceResult]] {
    var results = [[ConformanceResult]](repeating: [], count: backends.count)
    run(onAll: backends, options: options) { _ in
      true
    } after: {
      results[$1.backend].append($0)
    }
    return results
  }

  /// Runs all cases on several backends, and tells of each before and after.
  ///
  /// - Parameters:
  ///   - before: called before a case is run on a backend; says whether it is to be. What it throws ends the suite.
  ///   - after: called with its result.
  public static func run(
    onAll backends: [any Backend], options: ConformanceOptions = ConformanceOptions(),
    before: (ConformanceStep) throws -> Bool, after: (ConformanceResult, ConformanceStep) throws -> Void
  ) rethrows {
    let cases = cases(options)
    var last: [String: Int] = [:]
    for (index, test) in cases.enumerated() { last[test.operation] = index }
    for (index, test) in cases.enumerated() {
      // The oracle takes most of the time of a case that nobody may want.
      var known: PreparedCase?
      for (number, backend) in backends.enumerated() {
        let composes = test.isFused && options.comparesDefaults && !(backend is PrimitivesOnly)
        for variant in composes ? [ConformanceResult.Variant.member, .composed] : [.member] {
          let step = ConformanceStep(
            backend: number, operation: test.operation, variant: variant, caseDescription: test.description,
            index: index, count: cases.count,
            endsOperation: index == last[test.operation] && (variant == .composed || !composes))
          guard try before(step) else { continue }
          let prepared = known ?? PreparedCase(test, options: options)
          known = prepared
          let result = prepared.run(on: variant == .member ? backend : PrimitivesOnly(backend), variant: variant)
          try after(result, step)
        }
      }
    }
  }

  /// What the suite runs, in this order: memory, the members of `BackendMember`, and operations that are made of them.
  public static var operations: [String] {
    var seen: Set<String> = []
    return allCases.map(\.operation).filter { seen.insert($0).inserted }
  }

  private static var allCases: [ConformanceCase] {
    memoryCases() + BackendMember.allCases.flatMap(cases) + transposedConvolutionCases()
  }

  static func cases(of member: BackendMember) -> [ConformanceCase] {
    switch member {
    case .fill: fillCases()
    case .copy: copyCases() + conversionCases()
    case .affine: affineCases()
    case .unary: unaryCases()
    case .binary: binaryCases()
    case .select: selectCases()
    case .reduce: reductionCases()
    case .matmul: matmulCases()
    case .conv2d: convolutionCases(fused: false)
    case .resample: resamplingCases()
    case .softmax: softmaxCases()
    case .layerNorm: layerNormCases()
    case .groupNorm: groupNormCases()
    case .linear: linearCases()
    case .gatedLinear: gatedLinearCases()
    case .convolution: convolutionCases(fused: true)
    case .attention: attentionCases()
    case .pool: poolingCases()
    }
  }

  private static func cases(_ options: ConformanceOptions) -> [ConformanceCase] {
    allCases.filter { test in
      (options.operations?.contains(test.operation) ?? true) && (options.includesLargeCases || !test.isLarge)
        && (options.checksNonFiniteValues || !test.isNonFinite)
    }
  }
}
