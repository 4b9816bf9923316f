// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Glibc

/// Latents, tokens and features of samples on disk, named by the content that they were made of.
///
/// A picture that changed has another name, so nothing in the folder is ever wrong, only unused; what was not used for the
/// longest time goes when there is too much.
final class LatentCache {
  /// Part of every name: raised when what is stored, or how it is made, changes.
  static let version = 2

  private let folder: String
  private let limit: Int
  /// The bytes of each file and when it was last used, counted from those that were there.
  private var entries: [String: (byteCount: Int, use: Int)] = [:]
  private var total = 0
  private var clock = 0

  /// - Parameters:
  ///   - folder: made if it is not there.
  ///   - limit: bytes.
  /// - Throws: ``TrainingDataError`` if the folder cannot be made.
  init(folder: String, limit: Int) throws {
    self.folder = folder
    self.limit = limit
    guard FileName.makeFolder(folder) else {
      throw TrainingDataError.invalid(
        option: "the cache's folder", value: folder, expected: "a folder that can be made and written to")
    }
    var found: [(name: String, byteCount: Int, time: Int)] = []
    for name in FileName.names(inFolder: folder) ?? [] {
      var status = stat()
      guard stat(path(name), &status) == 0 else { continue }
      // Of a run that was killed while it wrote; one of another that still writes is younger.
      if AtomicFile.isUnfinished(name), time(nil) - status.st_mtim.tv_sec > 600 { unlink(path(name)) }
      guard name.hasSuffix(Self.ending) else { continue }
      found.append((name, Int(status.st_size), Int(status.st_mtim.tv_sec)))
    }
    for file in found.sorted(by: { ($0.time, $0.name) < ($1.time, $1.name) }) {
      clock += 1
      entries[file.name] = (file.byteCount, clock)
      total += file.byteCount
    }
    makeRoom(for: 0)
  }

  private static let ending = ".sample.safetensors"

  private func path(_ name: String) -> [CChar] { FileName.cString("\(folder)/\(name)") }

  /// The file of a sample, if it is there and whole.
  func file(_ key: StableHash) -> SafetensorsFile? {
    let name = Self.name(key)
    guard entries[name] != nil else { return nil }
    guard let file = try? SafetensorsFile(path: "\(folder)/\(name)"), ContentSeal.holds(of: file) == true else {
      drop(name)
      return nil
    }
    clock += 1
    entries[name]?.use = clock
    // So that the next run knows.
    _ = utimensat(AT_FDCWD, path(name), nil, 0)
    return file
  }

  /// Keeps a sample. A disk that is full loses the cache and not the training.
  func store(_ key: StableHash, _ tensors: [(key: String, shape: [Int], values: [Float])]) {
    let byteCount = tensors.reduce(4096) { $0 + 4 * $1.values.count }
    guard byteCount <= limit / 4 else { return }
    makeRoom(for: byteCount)
    let name = Self.name(key)
    do {
      var seal = ContentSeal(metadata: [:])
      let writer = try SafetensorsWriter(
        path: "\(folder)/\(name)",
        tensors: tensors.map { .init(key: $0.key, dtype: .f32, shape: $0.shape) } + [ContentSeal.tensor])
      for tensor in tensors {
        try tensor.values.withUnsafeBytes {
          seal.add(tensor.key, .f32, tensor.shape, $0)
          try writer.write(tensor.key, $0)
        }
      }
      try seal.bytes.withUnsafeBytes { try writer.write(ContentSeal.key, $0) }
      try writer.finish()
    } catch { return }
    total -= entries[name]?.byteCount ?? 0
    clock += 1
    entries[name] = (byteCount, clock)
    total += byteCount
  }

  private func makeRoom(for byteCount: Int) {
    guard total + byteCount > limit else { return }
    for name in entries.sorted(by: { $0.value.use < $1.value.use }).map(\.key) {
      guard total + byteCount > limit else { return }
      drop(name)
    }
  }

  private func drop(_ name: String) {
    guard let entry = entries.removeValue(forKey: name) else { return }
    total -= entry.byteCount
    unlink(path(name))
  }

  private static func name(_ key: StableHash) -> String {
    let digits = String(key.value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + ending
  }
}
