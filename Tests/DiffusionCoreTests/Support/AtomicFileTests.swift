// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Glibc
import TestSupport
import Testing

// One after another, since one of them removes whatever is not finished in the process.
@Suite(.serialized) struct AtomicFileTests {
  private func error(_ body: () throws(UnwritableFile) -> Void) -> UnwritableFile? {
    do throws(UnwritableFile) {
      try body()
      return nil
    } catch { return error }
  }

  private func writingError(_ path: String) -> UnwritableFile? {
    error { () throws(UnwritableFile) in try AtomicFile.write([9, 9], to: path) }
  }

  @Test func replacesAFile() throws {
    let folder = try TemporaryFolder()
    try folder.put([1, 2, 3], as: "a.png")
    #expect(chmod(folder.file("a.png"), 0o640) == 0)
    try AtomicFile.write([4, 5], to: folder.file("a.png"))
    #expect(try folder.bytes(of: "a.png") == [4, 5])
    #expect(folder.contents == ["a.png"])
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a.png"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    try AtomicFile.write([], to: folder.file("empty.png"))
    #expect(try folder.bytes(of: "empty.png").isEmpty)
  }

  @Test func writesBesideWhatASymbolicLinkLeadsTo() throws {
    let folder = try TemporaryFolder()
    try folder.put([1], as: "real.png")
    #expect(symlink("real.png", folder.file("link.png")) == 0)
    try AtomicFile.write([2], to: folder.file("link.png"))
    #expect(try folder.bytes(of: "real.png") == [2])
    #expect(folder.contents == ["link.png", "real.png"])
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("link.png"))
    #expect(attributes[.type] as? FileAttributeType == .typeSymbolicLink)
  }

  @Test func aLongNameIsNoProblem() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: 251) + ".png"
    try AtomicFile.write([1], to: folder.file(name))
    #expect(folder.contents == [name])
  }

  @Test(
    arguments: [
      (ENOSPC, "the disk is full. Free some space"), (EDQUOT, "the disk quota is used up. Free some space"),
      (EIO, "the disk reports an error"), (Int32(9999), "the system reports error 9999"),
    ], [false, true])
  func aFailureLeavesTheOldFile(expected: (code: Int32, reason: String), named: Bool) throws {
    let folder = try TemporaryFolder()
    try folder.put([1, 2, 3], as: "a.png")
    let path = folder.file("a.png")
    var during: [String] = []
    let failure = error { () throws(UnwritableFile) in
      try AtomicFile.write(to: path, named: named) { descriptor in
        // Half of the content is there when the disk runs full.
        #expect(write(descriptor, [7, 7], 2) == 2)
        during = folder.contents
        return expected.code
      }
    }
    #expect(during.count == (named ? 2 : 1))
    #expect(failure?.description == "\(path): cannot be written: \(expected.reason).")
    #expect(folder.contents == ["a.png"])
    #expect(try folder.bytes(of: "a.png") == [1, 2, 3])
  }

  @Test func aFailureLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    let failure = error { () throws(UnwritableFile) in
      try AtomicFile.write(to: folder.file("new.png")) { _ in ENOSPC }
    }
    #expect(failure != nil)
    #expect(folder.contents.isEmpty)
  }

  @Test func aTargetThatBecomesAFolderIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let failure = error { () throws(UnwritableFile) in
      try AtomicFile.write(to: folder.file("a.png")) { _ in mkdir(folder.file("a.png"), 0o700) }
    }
    #expect(failure == UnwritableFile(file: folder.file("a.png"), reason: "it is a folder. Give the path of a file"))
    #expect(folder.contents == ["a.png"])
  }

  @Test func saysWhyNot() throws {
    let folder = try TemporaryFolder()
    #expect(
      writingError(folder.file("no/where.png"))?.description
        == "\(folder.file("no/where.png")): cannot be written: its folder does not exist. Create the folder first.")
    #expect(
      writingError(folder.path)?.description
        == "\(folder.path): cannot be written: it is a folder. Give the path of a file.")
    try folder.put([1], as: "file")
    #expect(
      writingError(folder.file("file/a.png"))
        == UnwritableFile(file: folder.file("file/a.png"), reason: "a part of the path is a file, not a folder"))
    #expect(writingError("/dev/null") == UnwritableFile(file: "/dev/null", reason: "it is not a regular file"))
    #expect(writingError("") == UnwritableFile(file: "\"\"", reason: "the path is empty"))
    #expect(writingError("a\0.png") == UnwritableFile(file: "a\0.png", reason: "the path holds a zero byte"))
    let long = folder.file(String(repeating: "n", count: 300))
    #expect(writingError(long) == UnwritableFile(file: long, reason: "the name is too long"))
    #expect(folder.contents == ["file"])
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
  func noPermission() throws {
    let folder = try TemporaryFolder()
    try folder.put([1], as: "protected.png")
    let reason = "no permission. Check the permissions of the folder, and of the file if there is one"
    #expect(chmod(folder.file("protected.png"), 0o444) == 0)
    #expect(
      writingError(folder.file("protected.png"))
        == UnwritableFile(file: folder.file("protected.png"), reason: reason))
    #expect(chmod(folder.path, 0o500) == 0)
    #expect(writingError(folder.file("new.png")) == UnwritableFile(file: folder.file("new.png"), reason: reason))
    #expect(chmod(folder.path, 0o700) == 0)
    #expect(folder.contents == ["protected.png"])
  }

  @Test func aFileThatIsNotFinishedHasNoName() throws {
    let folder = try TemporaryFolder()
    for named in [false, true] {
      var file: AtomicFile? = try AtomicFile(folder.file("a"), named: named)
      try [UInt8](repeating: 1, count: 9).span.withUnsafeBytes { (bytes) throws(UnwritableFile) in
        try file?.write(bytes)
      }
      // What is there of it goes with the program, however that ends: nothing has a name, or the name is known.
      #expect(folder.contents.count == (named ? 1 : 0))
      if named { AtomicFile.removeUnfinished() }
      #expect(folder.contents.isEmpty)
      file = nil
      #expect(folder.contents.isEmpty)
    }
  }

  @Test(arguments: [false, true]) func piecesBecomeOneFile(named: Bool) throws {
    let folder = try TemporaryFolder()
    for _ in 0..<2 {
      let file = try AtomicFile(folder.file("a"), named: named)
      for piece in [[1, 2], [], [3]] as [[UInt8]] {
        try piece.span.withUnsafeBytes { (bytes) throws(UnwritableFile) in try file.write(bytes) }
      }
      try file.commit()
      #expect(try folder.bytes(of: "a") == [1, 2, 3])
      #expect(folder.contents == ["a"])
      #expect(error { () throws(UnwritableFile) in try file.commit() } != nil)
    }
  }

  @Test(arguments: [false, true]) func aFileThatAppearsMeanwhileStays(named: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.b.png")
    func write(_ existing: ExistingFilePolicy) -> UnwritableFile? {
      error { () throws(UnwritableFile) in
        try AtomicFile.write(to: path, existing: existing, named: named) { descriptor in
          #expect(Glibc.write(descriptor, [7], 1) == 1)
          return FileManager.default.createFile(atPath: path, contents: Data([1])) ? 0 : EIO
        }
      }
    }
    #expect(write(.refuse) == UnwritableFile(taken: path))
    #expect(folder.contents == ["a.b.png"])
    // Known before it begins.
    #expect(
      error { () throws(UnwritableFile) in
        try AtomicFile.write(to: path, existing: .refuse, named: named) { _ in EIO }
      } == UnwritableFile(taken: path))
    for number in 2...3 {
      #expect(write(.keepBoth) == UnwritableFile(taken: path, savedAs: folder.file("a.b-\(number).png")))
    }
    #expect(folder.contents == ["a.b-2.png", "a.b-3.png", "a.b.png"])
    #expect(try folder.bytes(of: "a.b.png") == [1] && folder.bytes(of: "a.b-3.png") == [7])
    #expect(write(.replace) == nil)
    #expect(try folder.bytes(of: "a.b.png") == [7])
    for existing in ExistingFilePolicy.allCases {
      let new = folder.file("\(existing).png")
      try AtomicFile.write(to: new, existing: existing, named: named) { Glibc.write($0, [5], 1) == 1 ? 0 : EIO }
      #expect(try folder.bytes(of: "\(existing).png") == [5])
    }
    #expect(folder.contents.count == 6)
  }

  @Test func whoeverComesFirstHasTheName() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    let taken = await withTaskGroup(of: [String].self) { group in
      for task in 0..<4 {
        group.addTask {
          (0..<8).compactMap { turn in
            do throws(UnwritableFile) {
              try AtomicFile.write(to: path, existing: .keepBoth, named: task % 2 == 0) { descriptor in
                Glibc.write(descriptor, [UInt8(task), UInt8(turn)], 2) == 2 ? 0 : EIO
              }
              return path
            } catch { return error.savedAs }
          }
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    // Each has a place of its own, and what it wrote is there.
    #expect(taken.count == 32 && Set(taken).count == 32)
    #expect(folder.contents.count == 32)
    let contents = try folder.contents.map { try folder.bytes(of: $0) }
    #expect(Set(contents).count == 32)
  }

  @Test(arguments: FileName.Move.allCases) func movesToAFreeNameOnly(way: FileName.Move) throws {
    let folder = try TemporaryFolder()
    try folder.put([1], as: "old")
    try folder.put([2], as: "taken")
    #expect(FileName.move(folder.file("old"), to: folder.file("taken"), ways: [way]) == EEXIST)
    #expect(folder.contents == ["old", "taken"])
    #expect(symlink("nowhere", folder.file("link")) == 0)
    #expect(FileName.move(folder.file("old"), to: folder.file("link"), ways: [way]) == EEXIST)
    #expect(FileName.move(folder.file("old"), to: folder.file("new"), ways: [way]) == 0)
    #expect(folder.contents.filter { $0 != "link" } == ["new", "taken"])
    #expect(try folder.bytes(of: "new") == [1] && folder.bytes(of: "taken") == [2])
    #expect(FileName.move(folder.file("old"), to: folder.file("x"), ways: [way]) == ENOENT)
  }

  @Test func numberedNames() {
    #expect(FileName.numbered("o.png", 2) == "o-2.png")
    #expect(FileName.numbered("a.b/o", 3) == "a.b/o-3")
    #expect(FileName.numbered("/x/.hidden", 2) == "/x/.hidden-2")
    let long = String(repeating: "n", count: 251) + ".png"
    #expect(FileName.numbered("d/" + long, 2) == "d/" + String(repeating: "n", count: 249) + "-2.png")
    // No letter is cut in two.
    let wide = FileName.numbered(String(repeating: "\u{4E00}", count: 83) + ".png", 12)
    #expect(wide == String(repeating: "\u{4E00}", count: 82) + "-12.png")
    let latin = FileName.string([0xE9, 0x2E, 0x70])
    #expect(
      FileName.cString(FileName.numbered(latin, 2)).map { UInt8(bitPattern: $0) } == [0xE9, 0x2D, 0x32, 0x2E, 0x70, 0])
  }

  @Test func aPipeGetsTheBytes() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    async let written: Void = AtomicFile.write(bytes, to: path)
    let read = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd()
    try await written
    #expect(read.map { [UInt8]($0) } == bytes)
    #expect(folder.contents == ["pipe"] && FileName.isPipe(path))
  }

  @Test func nobodyWaitsForAReaderAfterCancellation() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let task = Task { try AtomicFile.write([1], to: path) }
    task.cancel()
    await #expect(throws: UnwritableFile(file: path, reason: "nobody reads it")) { try await task.value }
  }

  @Test func readingKnowsTheSizeFirst() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write([1, 2, 3], to: folder.file("a"))
    #expect(try FileReader.bytes(of: folder.file("a"), limit: 3) == [1, 2, 3])
    // A terabyte that takes no room on the disk.
    #expect(truncate(folder.file("a"), 1 << 40) == 0)
    #expect(throws: FileError.tooLarge(file: folder.file("a"), byteCount: 1 << 40, limit: 3)) {
      try FileReader.bytes(of: folder.file("a"), limit: 3)
    }
    #expect(throws: FileError.unreadable(file: folder.file("a"), reason: "there is not enough memory")) {
      try FileReader.bytes(of: folder.file("a"), limit: .max)
    }
  }
}

extension TemporaryFolder {
  fileprivate func put(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  fileprivate func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }
}
