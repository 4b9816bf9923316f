// SPDX-License-Identifier: Apache-2.0

// A backend of one's own: it stands before the processor's, adds up what each operation costs, and can be chosen by name.
//
// A backend for a device implements the members of `Backend` itself: Docs/AddingABackend.md.
import BackendConformance
import Colorize
import DiffusionCore
import Synchronization

/// Counts the calls and floating-point operations of each member.
final class CountingBackend: ForwardingBackend, CallReceiver {
  let base: any Backend
  private let totals = Mutex<[String: (calls: Int, flops: Double)]>([:])

  init(_ base: any Backend) { self.base = base }

  func receive(_ call: BackendCall) throws {
    totals.withLock {
      $0[call.member, default: (0, 0)].calls += 1
      $0[call.member, default: (0, 0)].flops += call.flops
    }
    try call.perform(on: base)
  }

  /// The members that were called, those with the most work first.
  var lines: [String] {
    totals.withLock { totals in
      totals.sorted { ($1.value.flops, $0.key) < ($0.value.flops, $1.key) }.map { member, total in
        "\(member): \(total.calls) calls, \(Int(total.flops / 1e6)) MFLOP"
      }
    }
  }
}

let registry = BackendRegistry(["counting": { _ in CountingBackend(try CPUBackend()) }])
let backend = try registry.makeBackend("counting")

// Whoever writes a backend runs this on it first: every operation against an oracle in double precision.
var options = ConformanceOptions()
options.operations = ["softmax"]
options.includesLargeCases = false
let results = ConformanceSuite.run(on: try registry.makeBackend("counting"), options: options)
print(results.report)
precondition(results.failures.isEmpty)

let colorizer = try await Colorizer(model: .embedded(), backend: backend)
let result = try await colorizer.colorize(
  sketch: .load(CommandLine.arguments[1]), reference: .load(CommandLine.arguments[2]))
print("\(result.width) x \(result.height)")
if let counting = backend as? CountingBackend { counting.lines.forEach { print($0) } }
