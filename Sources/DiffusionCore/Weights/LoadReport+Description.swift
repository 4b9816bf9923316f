// SPDX-License-Identifier: Apache-2.0

extension LoadReport: CustomStringConvertible {
  /// How many keys of each kind are listed by name.
  private static let listed = 20

  /// The report in readable form: a summary, hints, and up to 20 keys of each kind that does not fit.
  public var description: String {
    var lines = [summary]
    lines += hints.map { "hint: \($0)" }
    lines += section("missing", missing) { "\(printable($0.key)) \(printable($0.shape))" }
    lines += section("of another shape or type", misshaped) {
      "\(printable($0.key)): expected \(printable($0.expected)), found \(printable($0.found)) "
        + "\($0.dtype.rawValue) in \($0.file)"
    }
    lines += section("not finite", nonFinite) {
      "\(printable($0.key)): element \($0.index) in \($0.file)"
    }
    lines += section("holes of zeros, as an unfinished download leaves them", holes) {
      "\($0.byteCount) bytes from \(printable($0.key)) to \(printable($0.lastKey)) (\($0.tensorCount) tensors) in \($0.file)"
    }
    lines += section("unexpected", unexpected) {
      "\(printable($0.key)) \(printable($0.shape)) in \($0.file)"
    }
    lines += section("in two files, that of the index is used, else the first", shadowed) {
      "\(printable($0.key)): from \($0.usedFile), not from \($0.file)"
    }
    lines += ignoredLines
    return lines.joined(separator: "\n")
  }

  private func printable(_ name: String) -> String { WeightError.printable(name) }
  private func printable(_ shape: [Int]) -> String { WeightError.printable(shape) }

  private var summary: String {
    let state = isComplete ? "The weights fit the model" : "The weights do not fit the model"
    return
      "\(state): \(loadedCount) tensors, \(parameterCount) parameters, \(loadedBytes) bytes loaded."
  }

  private func section<Item>(_ title: String, _ items: [Item], _ text: (Item) -> String) -> [String] {
    guard !items.isEmpty else { return [] }
    var lines = ["\(title) (\(items.count)):"]
    lines += items.prefix(Self.listed).map { "  \(text($0))" }
    if items.count > Self.listed { lines.append("  ... and \(items.count - Self.listed) more") }
    return lines
  }

  /// Ignored keys come in hundreds for few reasons, so the reasons are counted and the keys left out.
  private var ignoredLines: [String] {
    var counts: [(reason: String, count: Int)] = []
    for item in ignored {
      if let index = counts.firstIndex(where: { $0.reason == item.reason }) {
        counts[index].count += 1
      } else {
        counts.append((item.reason, 1))
      }
    }
    guard !counts.isEmpty else { return [] }
    return ["ignored (\(ignored.count)):"] + counts.map { "  \($0.count): \($0.reason)" }
  }
}
