// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// The classical line filter against recordings: pictures smaller than its kernel, of one row, of a single dot, with stripes
/// whose lines are all of the median.
///
/// The result is whole samples, so it is the same but where the Gaussian's last bit decides which one: seen in no sample, and
/// allowed in one in a thousand.
struct LineFilterParityTests {
  private struct Recording: Decodable {
    struct Case: Decodable { let key: String }
    let cases: [Case]
  }

  private static let sets = GoldenSet.all.filter {
    FileManager.default.fileExists(atPath: "\($0.path)/linefilter_cases.json")
  }

  @Test(arguments: sets) func everyRecording(set: GoldenSet) throws {
    let golden = try set.file("linefilter", on: CPUBackend(threads: 1))
    let cases = try set.decode(Recording.self, from: "linefilter_cases").cases
    #expect(Set(cases.map(\.key)) == Set(golden.names("*.image")))
    for c in cases {
      let image = try RecordedExtraction.image("\(c.key).image", in: golden)
      let prepared = try image.prepared(.truncatedLineFilter, width: image.width, height: image.height)
      // Lines are high there, -1...1, and dark here.
      let recorded = try golden.file.floats(of: "\(c.key).out").map { UInt8(255 - (($0 + 1) * 127.5).rounded()) }
      let differing = zip(prepared.image.pixels, recorded).filter { $0 != $1 }
      #expect(prepared.image.pixels.count == recorded.count, "\(c.key)")
      #expect(differing.count * 1000 <= recorded.count, "\(c.key): \(differing.count) of \(recorded.count)")
      #expect(differing.allSatisfy { abs(Int($0) - Int($1)) == 1 }, "\(c.key)")
    }
  }
}
