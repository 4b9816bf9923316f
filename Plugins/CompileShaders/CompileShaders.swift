import Foundation
import PackagePlugin

/// Compiles every `.comp` file of a target to SPIR-V and embeds it as a `StaticString` in a generated Swift file.
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
    let includes = try FileManager.default.contentsOfDirectory(
      at: root.appending(path: "include"), includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
    return target.sourceFiles(withSuffix: ".comp").map { file in
      let name = file.url.deletingPathExtension().lastPathComponent
      let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
      return .buildCommand(
        displayName: "Compiling shader \(name)", executable: URL(filePath: "/bin/sh"),
        arguments: [script.path, compiler, file.url.path, name, output.path],
        inputFiles: [file.url, script] + includes, outputFiles: [output])
    }
  }
}
