// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Compiles every `.comp` file of a target to SPIR-V and embeds it as a `StaticString` in a generated Swift file.
///
/// Of every block of arguments in the folder `arguments` and of all constants of a file in `constants`, which shaders
/// include, it makes a Swift struct.
///
/// A shader with the line `// variant: NAME` is compiled a second time with the macro NAME defined, as
/// `<shader>_<name>`; with `// only variant: NAME` it is not compiled without.
///
/// Embedding keeps a binary in one piece: a resource bundle is lost when the program is moved away from its build.
@main
struct CompileShaders: BuildToolPlugin {
  /// `context.tool(named:)` finds only products of packages, so the compiler is looked for where systems install it.
  private static let compilerPaths = [
    "/usr/bin/glslangValidator", "/usr/local/bin/glslangValidator", "/opt/homebrew/bin/glslangValidator",
  ]

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    guard let target = target as? SourceModuleTarget else { return [] }
    guard let compiler = Self.compilerPaths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      Diagnostics.error(
        "glslangValidator is needed to compile the shaders and was not found at "
          + "\(Self.compilerPaths.joined(separator: ", ")); on Debian or Ubuntu: apt-get install glslang-tools")
      return []
    }
    let root = target.directoryURL
    let script = root.appending(path: "compile.sh")
    func files(in folder: String) throws -> [URL] {
      try FileManager.default.contentsOfDirectory(
        at: root.appending(path: folder), includingPropertiesForKeys: nil
      ).sorted { $0.path < $1.path }
    }
    let described = ["arguments", "constants"]
    let shared = try files(in: "include")
    let includes = try shared + described.flatMap(files)
    let structs = try described.flatMap { kind -> [Command] in
      let script = root.appending(path: "\(kind).sh")
      return try files(in: kind).map { file in
        let name = "\(file.deletingPathExtension().lastPathComponent)_\(kind)"
        let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
        return .buildCommand(
          displayName: "Making \(name)", executable: URL(filePath: "/bin/sh"),
          arguments: [script.path, file.path, output.path], inputFiles: [file, script] + shared, outputFiles: [output])
      }
    }
    let shaders = try target.sourceFiles(withSuffix: ".comp").flatMap { file -> [Command] in
      let stem = file.url.deletingPathExtension().lastPathComponent
      return try Self.variants(of: file.url).map { macro -> Command in
        let name = macro.map { "\(stem)_\($0.lowercased())" } ?? stem
        let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
        return .buildCommand(
          displayName: "Compiling shader \(name)", executable: URL(filePath: "/bin/sh"),
          arguments: [script.path, compiler, file.url.path, name, output.path] + (macro.map { ["-D\($0)"] } ?? []),
          inputFiles: [file.url, script] + includes, outputFiles: [output])
      }
    }
    return structs + shaders
  }

  /// The macros that a shader is to be compiled with, nil for none.
  private static func variants(of shader: URL) throws -> [String?] {
    for line in try String(contentsOf: shader, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("// variant: ") { return [nil, String(line.dropFirst(12))] }
      if line.hasPrefix("// only variant: ") { return [String(line.dropFirst(17))] }
    }
    return [nil]
  }
}
