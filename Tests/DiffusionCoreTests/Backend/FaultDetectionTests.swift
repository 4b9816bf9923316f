// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Testing

/// The conformance suite can fail: every kind of fault in every op shows.
@Suite(.serialized) struct FaultDetectionTests {
  private static let operations = BackendMember.allCases.map(\.rawValue)

  private func run(_ operation: String, _ backend: any Backend) -> [ConformanceResult] {
    var options = ConformanceOptions()
    options.operations = [operation]
    options.includesLargeCases = false
    options.comparesDefaults = false
    return ConformanceSuite.run(on: backend, options: options)
  }

  @Test(arguments: operations) func everyFaultOfAnOperationShows(operation: String) throws {
    let cpu = try CPUBackend(threads: 1)
    var options = ConformanceOptions()
    options.operations = [operation]
    options.includesLargeCases = false
    options.comparesDefaults = false
    // A fill reads nothing.
    let faults = FaultyBackend.Fault.allCases.filter {
      operation != "fill" || ($0 != .ignoresStrides && $0 != .spoilsSource)
    }
    let backends = faults.map { FaultyBackend(cpu, operation: operation, fault: $0) }
    let results = ConformanceSuite.run(onAll: backends, options: options)
    for (fault, found) in zip(faults, results) {
      let share = Double(found.failures.count) / Double(found.count)
      // Most cases show a fault that is always there; strides matter only where there are any.
      let least = fault == .ignoresStrides ? 0.02 : fault == .imprecise ? 0.2 : 0.5
      #expect(share >= least, "\(fault) in \(operation): \(found.failures.count) of \(found.count) cases fail")
      #expect(found.report.contains("FAIL"))
    }
  }

  @Test func theFaultsAreWhatFails() throws {
    // The same wrapper with its fault in another member passes.
    let faulty = FaultyBackend(try CPUBackend(threads: 1), operation: "matmul", fault: .imprecise)
    #expect(run("softmax", faulty).failures.isEmpty)
    #expect(!run("matmul", faulty).failures.isEmpty)
  }

  @Test func failuresSayWhatHappened() throws {
    func message(_ fault: FaultyBackend.Fault) throws -> String {
      let faulty = FaultyBackend(try CPUBackend(threads: 1), operation: "affine", fault: fault)
      return run("affine", faulty).failures.report
    }
    #expect(try message(.leavesElementUnwritten).contains("was not written"))
    #expect(try message(.writesOutside).contains("wrote outside the destination"))
    #expect(try message(.spoilsSource).contains("source 0 was written to"))
    #expect(try message(.fails).contains("on purpose"))
    #expect(try message(.imprecise).contains("roundings"))
  }
}
