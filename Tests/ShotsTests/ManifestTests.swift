// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Shots
import TestSupport
import Testing

/// A manifest that is cut off at any byte, or written by several at once.
struct ManifestTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("shot.jsonl") }

  init() throws { folder = try TemporaryFolder() }

  private func record(_ frame: Int) -> ManifestRecord {
    ManifestRecord(
      event: .finished, frame: "\(frame)", key: Digest("key \(frame)"), inputs: ["sketch": Digest("\(frame)")],
      model: Digest("model"), modelName: "model \"ü\"", backend: "cpu", settings: ColorizeSettings(),
      files: [.init(path: "\(frame).png", sha256: Digest("file \(frame)"), bytes: 7)], reason: nil, seconds: 1.5,
      time: 1_700_000_000, host: "host", process: 1)
  }

  @Test func recordsComeBack() throws {
    let manifest = try Manifest(path: path)
    for frame in 1...3 { try manifest.append(record(frame)) }
    #expect(try Manifest(path: path).records == (1...3).map(record))
    #expect(manifest.record(output: folder.file("2.png")) == record(2))
    #expect(manifest.knows(Digest("file 2"), of: folder.file("2.png")))
    #expect(!manifest.knows(Digest("file 2"), of: folder.file("1.png")))
  }

  @Test func aFileCutOffAtAnyByteLosesTheLastRecordAtMost() throws {
    let first = try Manifest(path: path)
    try first.append(record(1))
    let start = try Data(contentsOf: URL(fileURLWithPath: path)).count
    try first.append(record(2))
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in start...whole.count {
      let cut = folder.file("cut.jsonl")
      try whole.prefix(length).write(to: URL(fileURLWithPath: cut))
      let manifest = try Manifest(path: cut)
      #expect(manifest.records.map(\.frame) == (length < whole.count ? ["1"] : ["1", "2"]), "\(length)")
      // Whoever goes on begins behind what is torn.
      try manifest.append(record(3))
      let after = try Manifest(path: cut)
      // A line that lacks nothing but its end is whole again.
      #expect(after.records.map(\.frame) == (length < whole.count - 1 ? ["1", "3"] : ["1", "2", "3"]), "\(length)")
      #expect(after.damagedLineCount == (length > start && length < whole.count - 1 ? 1 : 0), "\(length)")
    }
  }

  @Test func aChangedByteIsNoticed() throws {
    try Manifest(path: path).append(record(1))
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in stride(from: 0, to: whole.count - 1, by: 7) {
      var damaged = whole
      damaged[place] ^= 1
      try damaged.write(to: URL(fileURLWithPath: path))
      let manifest = try Manifest(path: path)
      // A check sum, and no repair: the frame is done again.
      #expect(manifest.records.isEmpty, "\(place)")
    }
  }

  @Test func manyMayAppendAtOnce() async throws {
    let path = self.path
    let records = (0..<40).map(record)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in 0..<4 {
        group.addTask {
          // A descriptor of its own, as another process has.
          let manifest = try Manifest(path: path)
          for index in stride(from: part, to: 40, by: 4) { try manifest.append(records[index]) }
        }
      }
      try await group.waitForAll()
    }
    let manifest = try Manifest(path: path)
    #expect(manifest.records.count == 40 && manifest.damagedLineCount == 0)
  }

  @Test func whatIsNotThereIsEmpty() throws {
    #expect(try Manifest(path: path, creates: false).records.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: path))
    for wrong in [folder.file("none/shot.jsonl"), folder.path, "/dev/full"] {
      #expect(throws: ShotError.self) { try Manifest(path: wrong) }
    }
  }
}
