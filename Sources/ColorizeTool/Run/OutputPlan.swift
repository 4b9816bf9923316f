import Colorize
import Foundation

/// Where the pictures go, checked before any work: an hour of computing must not end at a missing folder.
struct OutputPlan {
  /// The path of each picture.
  let paths: [String]
  /// The path of the previews.
  let preview: String

  init(output: String, count: Int) throws {
    do {
      _ = try ImageFormat(pathExtensionOf: output)
    } catch {
      throw ToolError.usage("--output \(error.description)")
    }
    // The format was found, so there is a dot in the last component.
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

  /// Checks that the files can be written.
  ///
  /// - Parameter inputs: files that must not be replaced by a result.
  func check(overwrite: Bool, inputs: [String], writesPreviews: Bool) throws {
    let all = paths + (writesPreviews ? [preview] : [])
    try Self.checkFolder(of: all[0])
    let sources = Set(inputs.map(Self.resolved))
    for path in all {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
      if isFolder.boolValue { throw ToolError.usage("--output \(path): it is a folder; give the path of a file") }
      if sources.contains(Self.resolved(path)) {
        throw ToolError.usage("--output \(path): it is one of the inputs; give another path")
      }
      if !overwrite {
        throw ToolError.usage("--output \(path): it exists already; give another path, or leave out --no-overwrite")
      }
      guard access(path, W_OK) == 0 else {
        throw ToolError.usage("--output \(path): it is write-protected; change its permissions, or give another path")
      }
    }
  }

  /// Checks a folder by making a file in it: permissions alone do not tell of read-only and of virtual file systems.
  private static func checkFolder(of path: String) throws {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw ToolError.usage("--output \(path): the folder \(folder) does not exist; create it first")
    }
    let probe = folder + ".irodori-" + String(UInt64.random(in: 0 ... .max), radix: 36) + ".tmp"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ToolError.usage(
        "--output \(path): the folder \(folder) cannot be written to (\(String(cString: strerror(errno)))); change its "
          + "permissions, or give another path")
    }
    close(descriptor)
    unlink(probe)
  }

  /// The path without links, so that two names of one file are seen to be one.
  private static func resolved(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return path }
    defer { free(found) }
    return String(cString: found)
  }
}
