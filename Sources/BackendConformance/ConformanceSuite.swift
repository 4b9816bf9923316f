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
    for test in cases(options) {
      let prepared = PreparedCase(test, options: options)
      for (index, backend) in backends.enumerated() {
        results[index].append(prepared.run(on: backend, variant: .member))
        if test.isFused, options.comparesDefaults, !(backend is PrimitivesOnly) {
          results[index].append(prepared.run(on: PrimitivesOnly(backend), variant: .composed))
        }
      }
    }
    return results
  }

  /// The members that the suite knows, in the order in which it runs them.
  public static var operations: [String] {
    var seen: Set<String> = []
    return allCases.map(\.operation).filter { seen.insert($0).inserted }
  }

  private static var allCases: [ConformanceCase] {
    memoryCases() + fillCases() + copyCases() + conversionCases() + affineCases() + unaryCases() + binaryCases()
      + selectCases() + reductionCases() + matmulCases() + convolutionCases(fused: false) + resamplingCases()
      + softmaxCases() + layerNormCases() + groupNormCases() + linearCases() + gatedLinearCases()
      + convolutionCases(fused: true) + attentionCases()
  }

  private static func cases(_ options: ConformanceOptions) -> [ConformanceCase] {
    allCases.filter { test in
      (options.operations?.contains(test.operation) ?? true) && (options.includesLargeCases || !test.isLarge)
        && (options.checksNonFiniteValues || !test.isNonFinite)
    }
  }
}
