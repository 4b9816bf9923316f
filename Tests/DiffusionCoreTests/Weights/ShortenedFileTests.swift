// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

@Suite struct ShortenedFileTests {
  private func write(_ path: String) throws {
    let writer = try SafetensorsWriter(path: path, tensors: [.init(key: "a", dtype: .f32, shape: [4096])])
    try [Float](repeating: 1, count: 4096).span.withUnsafeBytes { try writer.write("a", $0) }
    try writer.finish()
  }

  @Test func aFileThatBecomesShorterIsNoticed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/w"
      try write(path)
      let file = try SafetensorsFile(path: path)
      try file.checkLength()
      // Another file under the name leaves this one as it is, and so does none.
      try write(path)
      #expect(truncate(path, 100) == 0)
      try file.checkLength()
      try FileManager.default.removeItem(atPath: path)
      try file.checkLength()
      #expect(try file.floats(of: "a").count == 4096)

      try write(path)
      let second = try SafetensorsFile(path: path)
      #expect(truncate(path, 100) == 0)
      let error = #expect(throws: WeightError.self) { try second.checkLength() }
      #expect(error?.description.contains("\(path): the file has become shorter while it is in use: 16") == true)
      #expect(error?.description.contains("100 now") == true)
    }
  }

  @Test func mappedFilesAreFoundByTheirAddress() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/w"
      try write(path)
      MappedFiles.prepare()
      var place: UInt = 0
      do {
        let file = try SafetensorsFile(path: path)
        try file.withBytes(of: "a") { bytes in
          let last = bytes.baseAddress.map { $0 + bytes.count - 1 }
          #expect(MappedFiles.path(at: last).map { String(cString: $0) } == path)
          place = UInt(bitPattern: last)
        }
        #expect(MappedFiles.path(at: UnsafeRawPointer(bitPattern: 16)) == nil)
      }
      #expect(MappedFiles.path(at: UnsafeRawPointer(bitPattern: place)).map { String(cString: $0) } != path)
    }
  }
}
