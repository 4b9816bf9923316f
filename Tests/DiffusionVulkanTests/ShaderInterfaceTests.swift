// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The scripts of the build that make Swift structs of what shaders read by position.
struct ShaderInterfaceTests {
  /// What a script makes of a file, or what it says.
  private func run(_ script: String, on text: String) throws -> (status: Int32, output: String, words: String) {
    let folder = try TemporaryFolder()
    let (input, output) = (folder.file("block.glsl"), folder.file("block.swift"))
    try text.write(toFile: input, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Shaders").standardizedFileURL
    process.arguments = [root.appending(path: script).path, input, output]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let made = FileManager.default.contents(atPath: output).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return (process.terminationStatus, made, words)
  }

  @Test func argumentsKeepTheirOrderAndExtents() throws {
    let block = """
      #define RANK 3
      layout(push_constant) uniform SomeArguments {
        // How many.
        uint count;
        float scale;
        uint strides[2 * RANK];
      } push;
      """
    let (status, output, words) = try run("arguments.sh", on: block)
    #expect(status == 0 && words == "")
    #expect(output.contains("struct SomeArguments: ShaderArguments") && output.contains("byteCount = 32"))
    #expect(output.contains("/// How many.") && output.contains("var scale: Float"))
    let lines = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(
      lines.filter { $0.hasPrefix("words.append") }
        == ["words.append(count)", "words.append(scale)", "words.append(strides, count: 6)"])
  }

  @Test(arguments: [
    // 32 words fit, 33 do not.
    ("uint a[32];", true), ("uint a[33];", false), ("uint a; float b[32];", false),
    // Vectors are aligned otherwise.
    ("uvec2 a;", false), ("uint a[MISSING];", false), ("", false),
  ])
  func argumentsThatNoDeviceMustTakeEndTheBuild(members: String, fits: Bool) throws {
    let lines = members.split(separator: ";").map { "  \($0.trimmingCharacters(in: .whitespaces));" }
    let block = (["layout(push_constant) uniform SomeArguments {"] + lines + ["} push;"]).joined(separator: "\n") + "\n"
    let (status, output, words) = try run("arguments.sh", on: block)
    #expect((status == 0) == fits && output.isEmpty != fits)
    #expect(words.contains("error: ") != fits && words.contains("block.glsl") != fits, "\(words)")
  }

  @Test func constantsStandAtTheirNumbers() throws {
    let text = """
      layout(local_size_x_id = 0) in;
      // Whether.
      layout(constant_id = 3) const bool IS_PAIRED = true;
      layout(constant_id = 2) const uint OUT_TYPE = 0;
      """
    let (status, output, _) = try run("constants.sh", on: text)
    #expect(status == 0 && output.contains("struct BlockConstants: ShaderConstants"))
    let lines = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let start = try #require(lines.firstIndex(of: "["))
    #expect(lines[(start + 1)...].prefix(4) == ["UInt32(threads),", "0,", "UInt32(outType),", "isPaired ? 1 : 0,"])
    #expect(try run("constants.sh", on: "layout(constant_id = 1) const float X = 1.0;\n").status != 0)
    let twice = "layout(constant_id = 1) const uint A = 1;\nlayout(constant_id = 1) const uint B = 1;\n"
    #expect(try run("constants.sh", on: twice).status != 0)
  }
}
