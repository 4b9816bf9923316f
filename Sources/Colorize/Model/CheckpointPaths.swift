// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where the weights of a checkpoint are: in one file, or in the shards that an index or their names list.
package struct CheckpointPaths {
  /// The files, in order.
  let files: [String]
  /// The file that an index says holds a tensor, by the tensor's name in it.
  private var owners: [String: String] = [:]
  /// The folder that they are in, where `config.json` is looked for.
  let folder: String
  /// The file that the checkpoint is named after: the only one, or the index.
  let main: String

  private static let pickleEndings = [".ckpt", ".pt", ".pth", ".bin"]
  private static let indexEnding = ".index.json"
  /// Those of a folder's indexes, in the order in which they are taken.
  private static let indexEndings = [".safetensors.index.json", ".bin.index.json"]
  /// Those of files that a checkpoint is parted into.
  private static let shardEndings = [".safetensors", ".bin"]

  /// Those of downloads under way or given up.
  private static let unfinishedEndings = [".part", ".crdownload", ".download", ".incomplete", ".aria2", ".tmp"]

  /// - Parameter path: a safetensors file or one of PyTorch, a shard or the index of several, or a folder.
  /// - Throws: ``WeightError`` and ``ColorizeError/unusableModel(path:reason:)``.
  init(_ path: String) throws {
    let main = FileName.kind(path) == .folder ? try Self.file(in: path) : path
    self.main = main
    folder = main.lastIndex(of: "/").map { String(main[..<$0]) } ?? "."
    if Self.hasEnding(main, Self.indexEnding) {
      (files, owners) = try Self.shards(ofIndex: main, in: folder)
    } else if let (stem, count, ending) = Self.shard(main) {
      files = try Self.shards(of: stem, count: count, ending, given: main)
    } else {
      files = [main]
    }
  }

  /// The checkpoint in a folder: `model.safetensors`, else an index, else the only safetensors file, else the only one
  /// of PyTorch, in either case of one file or of several with one name.
  private static func file(in folder: String) throws -> String {
    func path(_ name: String) -> String {
      folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }
    let usual = path("model.safetensors")
    // Macs put a file `._NAME` beside each where the file system has no place for what belongs to it.
    let names = FileName.names(in: folder).filter { !$0.hasPrefix("._") }
    // A link that leads nowhere is listed, and told of by whoever opens it.
    if names.contains("model.safetensors") { return usual }
    let indexes = indexEndings.map { ending in names.filter { hasEnding($0, ending) } }
    if indexes[0].count == 1 { return path(indexes[0][0]) }
    let found = names.filter { hasEnding($0, ".safetensors") }
    let stems = Set(found.map { shard($0)?.stem ?? $0 })
    if stems.count == 1, let first = found.first { return path(first) }
    if found.count > 1 {
      throw ColorizeError.unusableModel(
        path: folder,
        reason: "it holds \(found.count) safetensors files (\(list(found))); give the path of one")
    }
    let pickles = names.filter { name in pickleEndings.contains { hasEnding(name, $0) } }
    if indexes[1].count == 1 { return path(indexes[1][0]) }
    if Set(pickles.map { shard($0)?.stem ?? $0 }).count == 1, let first = pickles.first { return path(first) }
    if pickles.count > 1 {
      throw ColorizeError.unusableModel(
        path: folder,
        reason: "it holds \(pickles.count) checkpoints of PyTorch (\(list(pickles))); give the path of one")
    }
    if names.contains("model_index.json") {
      throw ColorizeError.unusableModel(
        path: folder,
        reason: "it is a model of Diffusers, in several folders; give a checkpoint in one file in the naming of the "
          + "authors' code")
    }
    if let part = names.first(where: { name in unfinishedEndings.contains { name.lowercased().hasSuffix($0) } }) {
      throw ColorizeError.unusableModel(
        path: folder, reason: "it holds a download that is not finished (\(part)), and no file of weights beside it")
    }
    throw ColorizeError.unusableModel(path: folder, reason: "it holds no safetensors file, and none of PyTorch")
  }

  private static func hasEnding(_ name: String, _ ending: String) -> Bool { name.lowercased().hasSuffix(ending) }

  private static func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " ..." : "")
  }

  /// The part of `stem-00001-of-00003.safetensors` before the numbers, how many there are, and how their names end.
  private static func shard(_ path: String) -> (stem: String, count: Int, ending: String)? {
    // As it is written: the names of the others are made of it.
    guard let length = shardEndings.first(where: { hasEnding(path, $0) })?.count else { return nil }
    let ending = String(path.suffix(length))
    let parts = path.dropLast(ending.count).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of", let count = Int(parts[parts.count - 1]),
      let number = Int(parts[parts.count - 3]), (1...count).contains(number),
      (2...999).contains(count),
      parts[parts.count - 1].count == 5, parts[parts.count - 3].count == 5
    else { return nil }
    return (parts.dropLast(3).joined(separator: "-"), count, ending)
  }

  private static func shards(of stem: String, count: Int, _ ending: String, given: String) throws -> [String] {
    func padded(_ number: Int) -> String {
      String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number)
    }
    let paths = (1...count).map { "\(stem)-\(padded($0))-of-\(padded(count))\(ending)" }
    try checkPresence(of: paths, given: given)
    return paths
  }

  /// The files that an index names.
  private static func shards(
    ofIndex index: String, in folder: String
  ) throws -> (files: [String], owners: [String: String]) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileReader.bytes(of: index, limit: 64 << 20)
    } catch {
      switch error {
      case .notFound: throw WeightError.fileMissing(file: index)
      case .unreadable(_, let reason): throw WeightError.fileNotReadable(file: index, reason: reason)
      // Whatever is empty or so large is no list of files.
      case .empty, .tooLarge: bytes = []
      }
    }
    let map = try shardMap(in: Data(bytes), index: index).mapValues { "\(folder)/\($0)" }
    let paths = Set(map.values).sorted()
    try checkPresence(of: paths, given: index)
    return (paths, map)
  }

  /// Opens the files.
  ///
  /// - Returns: Each with what says which other file's tensor is taken instead, where both hold it and an index says so.
  func open() throws -> [(file: any WeightFile, owner: (String) -> String?)] {
    var opened: [(path: String, file: any WeightFile)] = []
    for path in files { opened.append((path, try WeightFiles.open(path))) }
    let byPath = Dictionary(opened.map { ($0.path, $0.file) }) { first, _ in first }
    return opened.map { path, file in
      (
        file,
        { [owners] key in
          // An index that names a file without the tensor says nothing of it.
          guard let owner = owners[key], owner != path, let other = byPath[owner], other[key] != nil else { return nil }
          return other.name
        }
      )
    }
  }

  /// The names of files in the text of an index: `{"weight_map": {key: file}}`.
  ///
  /// - Throws: ``WeightError/incompleteShards(file:reason:)``.
  package static func shardNames(in text: Data, index: String) throws -> [String] {
    Set(try shardMap(in: text, index: index).values).sorted()
  }

  /// The names of files in the text of an index, by the tensors that they hold.
  private static func shardMap(in text: Data, index: String) throws -> [String: String] {
    struct Index: Decodable {
      let files: [String: String]

      enum CodingKeys: String, CodingKey {
        case files = "weight_map"
      }
    }
    guard let written = try? JSONDecoder().decode(Index.self, from: text).files, !written.isEmpty else {
      throw WeightError.incompleteShards(
        file: index,
        reason:
          "the index of the checkpoint's files has no list of them (weight_map). Download it again")
    }
    // `./name` is how some programs write a name.
    let map = written.mapValues { String($0.hasPrefix("./") ? $0.dropFirst(2) : $0[...]) }
    let names = Set(map.values).sorted()
    guard names.count <= 999 else {
      throw WeightError.incompleteShards(
        file: index, reason: "the index names \(names.count) files, where at most 999 are read")
    }
    // An index comes with its files; one that leads elsewhere is none of this checkpoint.
    if let other = names.first(where: { !isBeside($0) }) {
      throw WeightError.incompleteShards(
        file: index,
        reason: "the index names \(WeightError.quoted(other)), which does not lie beside it or in a folder beside it. "
          + "Put all files there, and correct the index")
    }
    return map
  }

  /// Whether a path from the index's folder stays within it, in folders that are not hidden.
  private static func isBeside(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
      && !path.utf8.contains(0)
  }

  private static func checkPresence(of paths: [String], given: String) throws {
    let missing = paths.filter { FileName.kind($0) == .none }
      .map { WeightError.printable($0.split(separator: "/").last.map(String.init) ?? $0) }
    guard missing.isEmpty else {
      throw WeightError.incompleteShards(
        file: given,
        reason:
          "the checkpoint is in \(paths.count) files, of which \(missing.count) are not there: \(list(missing)). "
          + "Put all of them into one folder")
    }
  }
}
