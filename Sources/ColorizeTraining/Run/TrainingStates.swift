// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Glibc

/// The saved states of a training in their folder.
struct TrainingStates: Sendable {
  let folder: String

  /// - Throws: ``TrainingDataError`` if the folder cannot be made.
  init(folder: String) throws {
    self.folder = folder
    guard FileName.makeFolder(folder), access(FileName.cString(folder), W_OK) == 0 else {
      throw TrainingDataError.invalid(
        option: "the states' folder", value: folder, expected: "a folder that can be made and written to")
    }
    // Of a run that was killed while it wrote, where files cannot be without a name.
    for name in FileName.names(inFolder: folder) ?? [] where AtomicFile.isUnfinished(name) { remove(name) }
  }

  private func remove(_ name: String) { unlink(FileName.cString("\(folder)/\(name)")) }

  /// Eight digits, so that names are in the order of steps.
  static func padded(_ step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private static func name(step: Int) -> String { "step-\(padded(step)).safetensors" }

  func path(step: Int) -> String { Self.path(step: step, in: folder) }

  static func path(step: Int, in folder: String) -> String {
    folder.hasSuffix("/") ? folder + name(step: step) : "\(folder)/\(name(step: step))"
  }

  /// The steps of all states, rising.
  static func steps(in folder: String) -> [Int] {
    (FileName.names(inFolder: folder) ?? []).compactMap(step).sorted()
  }

  /// The step that a file's name says; nil for what is no state.
  static func step(in name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    return Int(name.dropFirst("step-".count).dropLast(".safetensors".count)).flatMap { $0 >= 0 ? $0 : nil }
  }

  /// The last state that is whole. Those after it are set aside under another name: a later state of the same step must
  /// not be taken for one of them.
  func latest(note: (String) -> Void) -> SafetensorsFile? {
    for step in Self.steps(in: folder).reversed() {
      do {
        let file = try SafetensorsFile(path: path(step: step))
        try Trainer.checkState(file)
        return file
      } catch {
        let aside = "\(Self.name(step: step)).damaged"
        _ = rename(FileName.cString(path(step: step)), FileName.cString("\(folder)/\(aside)"))
        note(
          "the state of step \(step) cannot be used (\(error)), so an earlier one is taken; it is now called \(aside)")
      }
    }
    return nil
  }

  /// Removes all states but the last ones.
  func keep(_ count: Int) {
    for step in Self.steps(in: folder).dropLast(count) { remove(Self.name(step: step)) }
  }

  /// Removes all states.
  func removeAll() { keep(0) }
}
