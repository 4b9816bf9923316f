import DiffusionCore

/// What weight files hold, part by part.
struct WeightsSummary {
  let lines: [String]

  /// The parts of a checkpoint by the beginning of their keys.
  private static let parts = [
    ("model.diffusion_model.", "U-Net"), ("first_stage_model.", "autoencoder"),
    ("cond_stage_model.visual.", "image encoder"), ("cond_stage_model.", "text tower"),
    ("control_encoder.", "sketch encoder"), ("transformer.", "background recovery"),
    ("thresh_embedder.", "threshold embedder"),
  ]

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
      var name = Self.parts.first { key.hasPrefix($0.0) }?.1 ?? "other"
      if name == "U-Net" && key.contains(".lora_") { name = "low-rank branches" }
      // Shapes of empty tensors may claim anything; the sum must not trap on them.
      counts[name] = (counts[name] ?? 0).addingReportingOverflow(entry.elementCount).partialValue
      types[name, default: []].insert(entry.dtype.rawValue)
    }
    for name in Self.parts.map(\.1) + ["low-rank branches", "other"] {
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
