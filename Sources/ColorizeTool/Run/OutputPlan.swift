// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Where the pictures go, checked before any work: an hour of computing must not end at a missing folder.
struct OutputPlan {
  /// The path of each picture.
  let paths: [String]
  /// The path of the previews.
  let preview: String

  init(output: String, count: Int) throws {
    if output == StandardStreams.name {
      guard count == 1 else {
        throw ToolError.usage("--output -: only one picture goes to standard output; leave --count out, or give a file")
      }
      self.init(path: output, count: 1)
      return
    }
    try OutputCheck.checkName(output, option: "--output")
    do {
      _ = try ImageFormat(pathExtensionOf: output)
    } catch {
      throw ToolError.usage("--output \(error.description)")
    }
    self.init(path: output, count: count)
  }

  /// The numbered names of a path with an extension that was checked.
  init(path output: String, count: Int) {
    // There is a dot in the last component.
    let dot = output.lastIndex(of: ".") ?? output.endIndex
    let (stem, ending) = (output[..<dot], output[dot...])
    preview = "\(stem).preview\(ending)"
    guard count > 1 else {
      paths = [output]
      return
    }
    let digits = String(count).count
    paths = (1...count).map { number in
      let text = String(number)
      return "\(stem)-\(String(repeating: "0", count: digits - text.count))\(text)\(ending)"
    }
  }

  /// Checks that the files can be written; see ``OutputCheck``.
  ///
  /// - Parameter inputs: files that must not be replaced by a result.
  func check(overwrite: Bool, inputs: [String], writesPreviews: Bool) throws {
    if paths == [StandardStreams.name] {
      if writesPreviews { throw ToolError.usage("--previews need files; give --output one") }
      return
    }
    try OutputCheck(option: "--output", overwrite: overwrite, inputs: inputs)
      .check(paths + (writesPreviews ? [preview] : []))
  }
}
