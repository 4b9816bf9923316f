// SPDX-License-Identifier: Apache-2.0

/// A table of comma-separated values (RFC 4180), with a line of names at its head.
struct CSVTable {
  let names: [String]
  /// The rows with their line in the file, from 1 on.
  let rows: [(line: Int, cells: [String])]

  /// - Throws: ``ShotError/invalidSheet(file:place:reason:)`` for a quote that does not end, or a row with too many cells.
  init(_ text: String, file: String) throws(ShotError) {
    var rows: [(line: Int, cells: [String])] = []
    var (line, start) = (1, 1)
    var cells: [String] = []
    var cell = String.UnicodeScalarView()
    var isQuoted = false
    var wasQuoted = false
    func isBlank(_ cells: [String]) -> Bool { cells.allSatisfy { $0.allSatisfy(\.isWhitespace) } }
    func finishRow() {
      cells.append(String(cell))
      cell = .init()
      wasQuoted = false
      if !isBlank(cells) { rows.append((start, cells)) }
      cells = []
    }
    var scalars = Array(text.unicodeScalars)[...]
    // A mark that spreadsheets write before the text.
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\"" where isQuoted:
        if scalars.first == "\"" {
          cell.append(scalars.removeFirst())
        } else {
          isQuoted = false
        }
      case "\"" where cell.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
      case "," where !isQuoted, ";" where !isQuoted:
        cells.append(String(cell))
        cell = .init()
        wasQuoted = false
      case "\r" where !isQuoted && scalars.first == "\n": break
      case "\n":
        line += 1
        if isQuoted {
          cell.append(scalar)
        } else {
          finishRow()
          start = line
        }
      default: cell.append(scalar)
      }
    }
    guard !isQuoted else {
      throw .invalidSheet(file: file, place: "line \(start)", reason: "a quoted cell has no end")
    }
    finishRow()
    guard let head = rows.first else {
      throw .invalidSheet(file: file, place: "line 1", reason: "it is empty; give a line of names, the first one frame")
    }
    names = head.cells.map { String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
    self.rows = Array(rows.dropFirst())
    for row in self.rows where row.cells.count > names.count {
      throw .invalidSheet(
        file: file, place: "line \(row.line)",
        reason: "it has \(row.cells.count) cells, where there are \(names.count) names")
    }
  }
}
