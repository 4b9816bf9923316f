// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc
import LayeredPictures
import Testing

struct ByteSinkTests {
  @Test func bytesBeyondTheFormatsLimitAreRefused() throws {
    let sink = ByteSink(limit: 5, advice: "Give less")
    try sink.append([1, 2, 3])
    let error = #expect(throws: LayeredPictureError.self) { try sink.append([4, 5, 6]) }
    #expect(error?.description == "The file would be larger than 5 bytes. Give less.")
    try sink.append([4, 5])
    try sink.patch([9, 8], at: 1)
    #expect(sink.bytes == [1, 9, 8, 4, 5])
  }

  @Test func patchesReachWhatIsInTheFileAndWhatIsInTheBuffer() throws {
    let folder = try TemporaryFolder()
    let descriptor = open(folder.file("x"), O_RDWR | O_CREAT, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let sink = ByteSink(descriptor: descriptor, limit: .max, advice: "")
    // More than the buffer, so that the first part is in the file.
    var expected = [UInt8](repeating: 7, count: 1 << 20)
    try sink.append(expected)
    try sink.append([1, 2, 3])
    try sink.patch([5, 6], at: 10)
    try sink.patch([4], at: expected.count + 1)
    try sink.append([8])
    #expect(sink.position == expected.count + 4)
    try sink.flush()
    expected.replaceSubrange(10..<12, with: [5, 6])
    #expect(try FileBytes.read(folder.file("x")) == expected + [1, 4, 3, 8])
  }

  @Test func aFullDiskIsTold() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let sink = ByteSink(descriptor: descriptor, limit: .max, advice: "")
    try sink.append([1])
    let error = #expect(throws: SystemError.self) { try sink.flush() }
    #expect(error?.code == ENOSPC)
  }
}
