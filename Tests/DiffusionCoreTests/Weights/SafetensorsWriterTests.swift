// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

@Suite struct SafetensorsWriterTests {
  private func text(_ body: () throws(WeightError) -> Void) -> String {
    do throws(WeightError) {
      try body()
      return "accepted"
    } catch { return error.description }
  }

  private func write(_ writer: SafetensorsWriter, _ key: String, _ bytes: [UInt8]) throws(WeightError) {
    try bytes.span.withUnsafeBytes { (raw) throws(WeightError) in try writer.write(key, raw) }
  }

  @Test func roundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/w.safetensors"
      let odd = "k \"q\" \\ \u{01}\n é😀"
      let writer = try SafetensorsWriter(
        path: path,
        tensors: [
          .init(key: "a", dtype: .f32, shape: [2, 2]), .init(key: "none", dtype: .bf16, shape: [3, 0]),
          .init(key: odd, dtype: .f16, shape: []), .init(key: "step", dtype: .i64, shape: [1]),
          .init(key: "last", dtype: .f32, shape: [0]),
        ], metadata: ["b": "2\n", "a": odd])
      try write(writer, "a", littleEndian([1, 2] as [Float]))
      try write(writer, "a", littleEndian([3, 4] as [Float]))
      try write(writer, odd, littleEndian([0x3800] as [UInt16]))
      try write(writer, "step", [9, 0, 0, 0, 0, 0, 0, 0])
      #expect(!FileManager.default.fileExists(atPath: path))
      try writer.finish()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["w.safetensors"])

      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["a": odd, "b": "2\n"])
      #expect(Set(file.keys) == ["a", "none", odd, "step", "last"] && file.dataByteCount == 26)
      #expect(try file.floats(of: "a") == [1, 2, 3, 4])
      #expect(try file.floats(of: odd) == [0.5])
      #expect(file["none"]?.shape == [3, 0] && file[odd]?.shape == [])
      #expect(try file.bytes(of: "a").isAligned(to: 8))

      // A mapped file stays whole when its name goes to another one.
      let second = try SafetensorsWriter(path: path, tensors: [])
      try second.finish()
      #expect(try file.floats(of: "a") == [1, 2, 3, 4])
      #expect(try SafetensorsFile(path: path).keys.isEmpty)
    }
  }

  @Test func abandonedFilesLeaveNothing() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/w"
      do {
        let writer = try SafetensorsWriter(path: path, tensors: [.init(key: "a", dtype: .f32, shape: [2])])
        try write(writer, "a", [1, 2, 3])
        #expect(text { () throws(WeightError) in try writer.finish() }.contains("5 bytes of \"a\" are not yet written"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func wrongOrderAndSize() throws {
    try withTemporaryFolder { folder in
      let writer = try SafetensorsWriter(
        path: folder + "/w",
        tensors: [.init(key: "a", dtype: .f32, shape: [1]), .init(key: "b", dtype: .f32, shape: [1])])
      let early = text { () throws(WeightError) in try write(writer, "b", [0]) }
      #expect(early.contains("\"b\" is written, but \"a\" comes next. Write every tensor once"))
      let long = text { () throws(WeightError) in try write(writer, "a", [0, 0, 0, 0, 0]) }
      #expect(long.contains("5 bytes of \"a\" are written, but 4 are left"))
      try write(writer, "a", [0, 0, 0, 0])
      try write(writer, "b", [0, 0, 0, 0])
      #expect(text { () throws(WeightError) in try write(writer, "c", [0]) }.contains("but all are written"))
      try writer.finish()
      #expect(text { () throws(WeightError) in try writer.finish() }.contains("finished or given up already"))
    }
  }

  @Test func refusedLists() throws {
    try withTemporaryFolder { folder in
      let make = { (tensors: [SafetensorsWriter.Tensor]) in
        self.text { () throws(WeightError) in _ = try SafetensorsWriter(path: folder + "/w", tensors: tensors) }
      }
      let one = SafetensorsWriter.Tensor(key: "a", dtype: .f32, shape: [1])
      #expect(make([one, one]).contains("names \"a\" a second time"))
      #expect(make([.init(key: "__metadata__", dtype: .f32, shape: [1])]).contains("names \"__metadata__\""))
      #expect(make([.init(key: "a", dtype: .f32, shape: [-1])]).contains("has the shape [-1] of F32, whose size"))
      #expect(make([.init(key: "a", dtype: .f4, shape: [1])]).contains("has the shape [1] of F4, whose size"))
      let half = [1 << 58, 4]
      let tensors = (0..<9).map { SafetensorsWriter.Tensor(key: "\($0)", dtype: .u8, shape: half) }
      #expect(make(tensors).contains("whose size"))
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
      let nowhere = text { () throws(WeightError) in
        _ = try SafetensorsWriter(path: folder + "/none/w", tensors: [one])
      }
      #expect(nowhere.contains("cannot be written: its folder does not exist. Create the folder"))
    }
  }
}
