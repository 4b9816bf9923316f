import Colorize
import Foundation
import Testing

@Suite struct AtomicFileTests {
  private func writingError(_ path: String) -> ImageError? {
    imageError { () throws(ImageError) in try AtomicFile.write([9, 9], to: path) }
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

  @Test(arguments: [
    (ENOSPC, "the disk is full. Free some space"), (EDQUOT, "the disk quota is used up. Free some space"),
    (EIO, "the disk reports an error"), (Int32(9999), "the system reports error 9999"),
  ])
  func aFailureLeavesTheOldFile(code: Int32, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.put([1, 2, 3], as: "a.png")
    let path = folder.file("a.png")
    var during: [String] = []
    let error = imageError { () throws(ImageError) in
      try AtomicFile.write(to: path) { descriptor in
        // Half of the content is there when the disk runs full.
        #expect(write(descriptor, [7, 7], 2) == 2)
        during = folder.contents
        return code
      }
    }
    #expect(during.count == 2)
    #expect(error?.description == "\(path): cannot be written: \(reason).")
    #expect(folder.contents == ["a.png"])
    #expect(try folder.bytes(of: "a.png") == [1, 2, 3])
  }

  @Test func aFailureLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    let error = imageError { () throws(ImageError) in
      try AtomicFile.write(to: folder.file("new.png")) { _ in ENOSPC }
    }
    #expect(error != nil)
    #expect(folder.contents.isEmpty)
  }

  @Test func aTargetThatBecomesAFolderIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let error = imageError { () throws(ImageError) in
      try AtomicFile.write(to: folder.file("a.png")) { _ in mkdir(folder.file("a.png"), 0o700) }
    }
    #expect(error == .unwritable(file: folder.file("a.png"), reason: "it is a folder. Give the path of a file"))
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
        == .unwritable(file: folder.file("file/a.png"), reason: "a part of the path is a file, not a folder"))
    #expect(writingError("/dev/null") == .unwritable(file: "/dev/null", reason: "it is not a regular file"))
    #expect(writingError("") == .unwritable(file: "\"\"", reason: "the path is empty"))
    #expect(writingError("a\0.png") == .unwritable(file: "a\0.png", reason: "the path holds a zero byte"))
    let long = folder.file(String(repeating: "n", count: 300))
    #expect(writingError(long) == .unwritable(file: long, reason: "the name is too long"))
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
        == .unwritable(file: folder.file("protected.png"), reason: reason))
    #expect(chmod(folder.path, 0o500) == 0)
    #expect(writingError(folder.file("new.png")) == .unwritable(file: folder.file("new.png"), reason: reason))
    #expect(chmod(folder.path, 0o700) == 0)
    #expect(folder.contents == ["protected.png"])
  }

  @Test func imagesAreWrittenAtomically() throws {
    let folder = try TemporaryFolder()
    let image = try Image(width: 2, height: 2, color: [1, 2, 3])
    try image.write(to: folder.file("a.png"))
    // Encoding fails before the file is touched.
    #expect(throws: ImageError.self) { try image.write(to: folder.file("a.png"), text: [("", "v")]) }
    #expect(try Image.load(folder.file("a.png")) == image)
    #expect(folder.contents == ["a.png"])
  }
}
