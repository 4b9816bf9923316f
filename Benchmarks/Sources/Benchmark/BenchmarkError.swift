// SPDX-License-Identifier: Apache-2.0

/// What can go wrong besides what the library throws.
enum BenchmarkError: Error, CustomStringConvertible {
  /// There is no such program.
  case noPython(String)
  /// The peer's script is not where the sources were built.
  case noPeerScript(String)
  /// The interpreter has no usable PyTorch.
  case noTorch(python: String, reason: String, requirements: String)
  /// The peer could not do what it was asked to.
  case peerFailed(request: String, reason: String)
  /// The peer ended.
  case peerEnded(status: Int32)
  /// The program that checks and colours is not where it should be.
  case noColorize(String)
  /// The folder cannot be made.
  case noFolder(String)
  /// Two pictures cannot be compared.
  case pictureDiffers(String)
  /// There is not so much memory, in bytes.
  case noMemory(Int)
  /// A group's process ended without a report.
  case groupFailed(group: String, status: Int32, wasKilled: Bool)
  /// A group that has no times was asked for them.
  case notTimed(group: String)
  /// There are no pairs to judge by.
  case noPairs(String)
  /// The model has none of the modes that were asked for.
  case noMode(model: String)

  var description: String {
    switch self {
    case .noPython(let name):
      "--python \(name): there is no such program; give the path of a Python that has PyTorch"
    case .noPeerScript(let path):
      "\(path) is missing; build the benchmarks from a complete checkout and leave it where it is"
    case .noTorch(let python, let reason, let requirements):
      "\(python) cannot import PyTorch (\(reason)); install it with `\(python) -m pip install -r \(requirements)`, or "
        + "choose another interpreter with --python"
    case .peerFailed(let request, let reason):
      "PyTorch failed at \(request): \(reason)"
    case .peerEnded(let status):
      "the PyTorch process ended (status \(status)); what it said stands above"
    case .noColorize(let place):
      "there is no program colorize at \(place); build it (swift build -c release --product colorize) and say where with "
        + "--colorize"
    case .noFolder(let path): "--output \(path): the folder cannot be made; give another path"
    case .pictureDiffers(let what): what
    case .noMemory(let bytes):
      "\(bytes >> 20) MiB of memory for random weights are not there"
    case .notTimed(let group):
      "the group \(group) is not timed; leave --group-report out"
    case .noPairs(let path):
      "\(path): no pairs there, or none that is asked for; leave the sources where they were built, or name the folder "
        + "with --data"
    case .noMode(let model):
      "the model \(model) has none of the modes that --modes names; vanilla is in every model"
    case .groupFailed(let group, let status, let wasKilled):
      wasKilled
        ? "the group \(group) was killed by signal \(status)\(status == 9 ? ", perhaps for want of memory" : "")"
        : "the group \(group) failed (status \(status)); what it said stands above"
    }
  }
}
