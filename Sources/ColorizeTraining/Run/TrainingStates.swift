// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The saved states of a training in their folder.
struct TrainingStates: Sendable {
  let folder: String

  /// - Throws: ``TrainingDataError`` if the folder cannot be made.
  init(folder: String) throws {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw TrainingDataError.invalid(
        option: "the states' folder", value: folder, expected: "a folder that can be made and written to")
    }
    // Of a run that was killed while it wrote.
    for name in names where name.hasPrefix("step-") && name.contains(".partial-") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

  /// Eight digits, so that names are in the order of steps.
  static func padded(_ step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  func path(step: Int) -> String { "\(folder)/step-\(Self.padded(step)).safetensors" }

  /// The steps of all states, rising.
  static func steps(in folder: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst("step-".count).dropLast(".safetensors".count))
    }.sorted()
  }

  /// The last state that is whole.
  func latest(note: (String) -> Void) -> SafetensorsFile? {
    for step in Self.steps(in: folder).reversed() {
      do {
        return try SafetensorsFile(path: path(step: step))
      } catch {
        note("the state of step \(step) cannot be used (\(error)), so an earlier one is taken")
      }
    }
    return nil
  }

  /// Removes all states but the last ones.
  func keep(_ count: Int) {
    for step in Self.steps(in: folder).dropLast(count) { try? FileManager.default.removeItem(atPath: path(step: step)) }
  }

  /// Removes all states.
  func removeAll() { keep(0) }
}
