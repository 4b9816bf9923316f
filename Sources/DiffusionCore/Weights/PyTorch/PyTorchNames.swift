// SPDX-License-Identifier: Apache-2.0

/// Finds the named tensors in what a checkpoint's pickle describes.
enum PyTorchNames {
  /// Dictionaries in dictionaries that are followed.
  private static let maximumDepth = 8
  /// Entries that are looked at: a pickle may refer to one dictionary from many.
  private static let maximumEntryCount = 1 << 20
  /// Bytes of a tensor's name.
  private static let maximumNameSize = 4096

  /// What training programs keep beside the weights, by the beginnings of their names.
  private static let noWeights = [
    "optim", "lr_sched", "scheduler", "callbacks", "loops", "hyper_parameters", "hparams", "scaler", "amp", "rng",
    "random_rng",
  ]

  /// - Throws: ``PickleFailure`` for a file that holds something else, and for more entries than any checkpoint has.
  static func content(of root: Int, in machine: PickleMachine) throws(PickleFailure) -> PyTorchContent {
    guard case .dictionary(let top) = machine.values[root] else {
      throw PickleFailure(
        offset: 0, reason: "it holds no dictionary of tensors; save the model's state_dict()", isRefusal: true)
    }
    var walk = Walk(machine: machine)
    if let state = machine.entry("state_dict", of: root), case .dictionary(let entries) = machine.values[state] {
      try walk.add(entries, prefix: "", depth: 1)
      if !walk.content.tensors.isEmpty {
        for (key, _) in top {
          if let name = machine.name(key), name != "state_dict" { walk.content.leftOut.append(name) }
        }
        return walk.content
      }
    }
    try walk.add(top, prefix: "", depth: 0)
    return walk.content
  }

  private struct Walk {
    let machine: PickleMachine
    var content = PyTorchContent()
    var count = 0

    mutating func add(
      _ entries: [(key: Int, value: Int)], prefix: String, depth: Int
    ) throws(PickleFailure) {
      for (key, value) in entries {
        count += 1
        guard count <= maximumEntryCount else {
          throw PickleFailure(offset: 0, reason: "it has more than \(maximumEntryCount) entries")
        }
        guard let name = machine.name(key) else { continue }
        guard prefix.utf8.count + name.utf8.count <= maximumNameSize else {
          throw PickleFailure(offset: 0, reason: "a name in it is longer than \(maximumNameSize) bytes")
        }
        switch machine.values[value] {
        case .tensor(let tensor): content.tensors.append((prefix + name, tensor))
        case .otherTensor(let words):
          throw PickleFailure(
            offset: 0, reason: "\(WeightError.quoted(prefix + name)) \(words)", isRefusal: true)
        case .dictionary(let inner) where depth < maximumDepth:
          if depth == 0, noWeights.contains(where: { name.hasPrefix($0) }) || machine.isOptimizer(value) {
            content.leftOut.append(name)
          } else {
            try add(inner, prefix: "\(prefix)\(name).", depth: depth + 1)
          }
        default:
          if depth == 0 { content.leftOut.append(name) }
        }
      }
    }
  }
}

extension PickleMachine {
  /// A key of a dictionary as a part of a tensor's name: parameters of optimisers are numbered.
  func name(_ key: Int) -> String? {
    switch values[key] {
    case .string(let name): name
    case .int(let number): String(number)
    default: nil
    }
  }

  /// Whether a dictionary is the state of an optimiser of PyTorch.
  func isOptimizer(_ dictionary: Int) -> Bool {
    entry("state", of: dictionary) != nil && entry("param_groups", of: dictionary) != nil
  }

  /// The value under a name in a dictionary; of several the last, as Python has it.
  func entry(_ name: String, of dictionary: Int) -> Int? {
    guard case .dictionary(let entries) = values[dictionary] else { return nil }
    return entries.last { entry in
      if case .string(let found) = values[entry.key] { found == name } else { false }
    }?.value
  }
}
