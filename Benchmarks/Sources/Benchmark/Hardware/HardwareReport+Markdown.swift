// SPDX-License-Identifier: Apache-2.0

extension HardwareReport {
  /// The report for people.
  var markdown: String {
    var lines = ["# \(device["name"] ?? processor)", ""]
    lines.append("\(date). \(state.rawValue.capitalized), \(number(seconds)) of \(number(timeLimit)) s.")
    lines += [
      "", "| | |", "| --- | --- |", "| processor | \(processor), \(threads) threads, \(number(memoryGiB)) GiB |",
    ]
    lines.append("| system | \(system) |")
    for name in device.keys.sorted() where name != "name" { lines.append("| \(name) | \(device[name] ?? "") |") }
    for name in limits.keys.sorted() { lines.append("| limits, \(name) | \(limits[name] ?? "") |") }
    for name in presets.keys.sorted() { lines.append("| network's sizes, \(name) | \(presets[name] ?? "") |") }
    lines += ["", "| part | | s | |", "| --- | --- | --- | --- |"]
    for part in parts {
      let note = (part.note ?? "").replacing("|", with: "/")
      lines.append(
        "| \(part.name) | \(part.state == .done ? "done" : "**\(part.state.rawValue)**") | "
          + "\(part.state == .notRun ? "" : number(part.seconds)) | \(note) |")
    }
    for part in parts where part.hasResults { lines += ["", "## \(part.name): \(part.title)", ""] + part.lines }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A number as it stands in the file, without a needless point.
private func number(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}

extension HardwareReport.Part {
  fileprivate var hasResults: Bool { checks != nil || pictures != nil || times?.isEmpty == false }

  fileprivate var lines: [String] {
    var blocks: [[String]] = []
    if let checks { blocks.append(Self.lines(of: checks)) }
    if let pictures {
      blocks.append(
        ["| picture | s | largest difference | PSNR | changed |", "| --- | --- | --- | --- | --- |"]
          + pictures.map { picture in
            let difference = picture.largest.map { "\($0) of 255" } ?? ""
            let share = picture.changed.map { "\(number(brief($0 * 100))) %" } ?? ""
            return "| \(picture.name) | \(number(picture.seconds)) | \(difference) | "
              + "\(picture.psnr.map { "\(number($0)) dB" } ?? (picture.largest == nil ? "" : "equal")) | \(share) |"
          })
    }
    if let times, !times.isEmpty {
      let hasPeer = times.contains { $0.peer != nil }
      blocks.append(
        [
          "| what | ms | fastest to slowest | GFLOP/s |" + (hasPeer ? " \(peer ?? "PyTorch"), ms |" : ""),
          "| --- | --- | --- | --- |" + (hasPeer ? " --- |" : ""),
        ]
          + times.map { row in
            "| \(row.name) | \(number(row.ms)) | \(number(row.fastest)) to \(number(row.slowest)) | "
              + "\(row.gigaflops.map(number) ?? "") |" + (hasPeer ? " \(row.peer.map(number) ?? "") |" : "")
          })
    }
    for profile in profiles ?? [] {
      blocks.append(
        [
          "\(profile.name), by \(profile.clock == "device" ? "the device's clock" : "calls that were waited for"):", "",
          "| member | calls | ms | GFLOP/s | GB/s |", "| --- | --- | --- | --- | --- |",
        ]
          + profile.members.map {
            "| \($0.member) | \($0.calls) | \(number($0.ms)) | \($0.gigaflops.map(number) ?? "") | "
              + "\(number($0.gigabytesPerSecond)) |"
          })
    }
    return Array(blocks.joined(separator: [""]))
  }

  /// A row for each member, a column for each set: the worst error in percent of its tolerance, and the seconds.
  private static func lines(of checks: [HardwareReport.Check]) -> [String] {
    var lines = checks.map { check in
      "- **\(check.kernels): \(check.verdict)**, \(check.cases) cases, \(check.failed) failed"
        + (check.reason.map { "; \($0)" } ?? "")
    }
    for check in checks { lines += check.failures.map { "  - `\(check.kernels)`: \($0.replacing("\n", with: " "))" } }
    let members = Set(checks.flatMap { $0.seconds.keys }).sorted()
    guard !members.isEmpty else { return lines }
    lines += [
      "", "Worst error in percent of its tolerance, and seconds:", "",
      "| member |" + checks.map { " \($0.kernels) |" }.joined(), "| --- |" + checks.map { _ in " --- |" }.joined(),
    ]
    for member in members {
      lines.append(
        "| \(member) |"
          + checks.map { check in
            guard let seconds = check.seconds[member] else { return " |" }
            let share =
              check.worst[member].map { $0 < 10 ? "\(Int(($0 * 100).rounded(.up))) %" : "over 1000 %" } ?? "no part"
            return " \(share), \(number(seconds)) s |"
          }.joined())
    }
    return lines
  }
}
