// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What weight files hold, part by part.
struct WeightsSummary {
  let lines: [String]

  /// - Parameter hidden: keys of metadata that are told elsewhere.
  init(_ source: WeightSource, hidden: Set<String> = []) {
    var lines: [String] = []
    for file in source.files {
      lines.append("file: \(file.name), \(file.keys.count) tensors, \(Format.bytes(file.dataByteCount))")
      for (key, value) in file.metadata.filter({ !hidden.contains($0.key) }).sorted(by: { $0.key < $1.key }).prefix(32)
      {
        lines.append("  metadata: \(Self.printable(key)) = \(Self.printable(value))")
      }
      if let file = file as? PyTorchFile, !file.leftOut.isEmpty {
        let names = file.leftOut.prefix(8).map(Self.printable).joined(separator: ", ")
        lines.append("  left out, as no weights: \(names)\(file.leftOut.count > 8 ? " ..." : "")")
      }
    }
    var counts: [String: Int] = [:]
    var types: [String: Set<String>] = [:]
    for key in source.keys {
      guard let entry = source[key]?.entry else { continue }
      let section = CheckpointSection(key: key)
      let isBranch = section == .unet && key.contains(".lora_")
      let name = isBranch ? "low-rank branches" : section?.name ?? "other"
      // Shapes of empty tensors may claim anything; the sum must not trap on them.
      counts[name] = (counts[name] ?? 0).addingReportingOverflow(entry.elementCount).partialValue
      types[name, default: []].insert(entry.dtype.rawValue)
    }
    for name in CheckpointSection.allCases.map(\.name) + ["low-rank branches", "other"] {
      guard let count = counts[name] else { continue }
      let dtypes = types[name, default: []].sorted().joined(separator: ", ")
      lines.append("  \(name): \(Format.count(count)) parameters, \(dtypes)")
    }
    self.lines = lines
  }

  /// A text from a file: one line, not too long.
  private static func printable(_ text: String) -> String {
    let line = ToolError.oneLine(text)
    return line.count > 200 ? line.prefix(200) + "..." : line
  }
}
