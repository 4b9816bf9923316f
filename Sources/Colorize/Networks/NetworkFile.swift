// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A file of weights of a small network, recognised by its keys: safetensors, or of PyTorch.
package struct NetworkFile: Sendable {
  /// Its path.
  package let path: String
  /// What it holds.
  package let content: NetworkContent
  /// Its weights, under the network's own names.
  package let source: WeightSource

  /// Opens a file.
  ///
  /// - Throws: `WeightError`.
  package init(_ path: String) throws(WeightError) {
    self.init(try WeightFiles.open(path))
  }

  /// Recognises a file that is open.
  package init(_ file: any WeightFile) {
    path = file.name
    (content, source) = NetworkContent.recognize(file)
  }

  /// What the file is, for an error where something else is wanted.
  ///
  /// - Parameter wanted: such as “a network that finds lines”.
  func refusal(wanted: String) -> ColorizeError {
    .unusableModel(path: path, reason: "it holds \(content.description); \(wanted) is expected here")
  }

  /// Makes sure that nobody has shortened the file, whose pages may be in use, since it was opened.
  ///
  /// - Throws: `WeightError`.
  func checkLength() throws(WeightError) {
    for file in source.files { try file.checkLength() }
  }
}

extension Backend {
  /// Makes sure that a network has room.
  ///
  /// - Throws: `BackendError.insufficientMemory`.
  func makeRoom(for demand: MemoryDemand) throws { try prepareMemory(for: demand) }
}
