// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Prompts as OpenCLIP's tokenizer takes them apart.
@Suite("tokenizer") struct TokenizerTests {
  private let tokenizer: TextTokenizer

  init() throws {
    tokenizer = TextTokenizer(vocabulary: try TextVocabulary(packed: TextVocabulary.publishedFile, name: "published"))
  }

  @Test("Recorded prompts", arguments: GoldenSet.all) func recorded(set: GoldenSet) throws {
    let prompts = try TextRecordings(set).prompts
    #expect(prompts.count >= 40)
    for prompt in prompts {
      #expect(
        Array(tokenizer.cleaned(prompt.text).unicodeScalars) == Array(prompt.cleaned.unicodeScalars), "\(prompt.text)")
      #expect(tokenizer.ids(of: prompt.text) == prompt.ids, "\(prompt.text)")
    }
  }

  /// The file is the one that OpenAI has published, to the byte.
  @Test("The vocabulary's digest") func digest() throws {
    let folder = try TemporaryFolder()
    try Data(TextVocabulary.publishedFile).write(to: URL(fileURLWithPath: folder.file("vocabulary.gz")))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum", folder.file("vocabulary.gz")]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    process.waitUntilExit()
    let printed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(printed.hasPrefix("924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"), "\(printed)")
    #expect(tokenizer.vocabulary.count == 49_408)
    #expect(tokenizer.vocabulary.start == 49_406 && tokenizer.vocabulary.end == 49_407)
  }

  /// What OpenCLIP's own tokenizer gives (open_clip 3.3.0, ftfy 6.3.1, Python 3.11): what the recorded prompts lack.
  @Test(
    "Odd characters",
    arguments: [
      ("ΟΔΟΣ ΑΣ'Σ", "οδος ασ'ς"), ("Á́ ǆ ﬃ ｶﾞ", "á́ dž ffi ガ"), ("a&EACUTE;b &nTILDE;", "aéb &ntilde;"),
      ("&#x80;&#0;&#xFFFE;x", "€\u{FFFD}x"), ("&ampamp;lt", "&lt"), ("한국\u{85}x", "한국…x"),
      ("a\u{0316}\u{0301}", "á\u{0316}"), ("<b>&lt;</b>", "<b><</b>"), ("ŉ don’t", "'n don't"),
    ]) func cleaning(text: String, cleaned: String)
  {
    #expect(Array(tokenizer.cleaned(text).unicodeScalars) == Array(cleaned.unicodeScalars), "\(text)")
  }

  @Test("Texts that are too long are cut, and end") func long() {
    let ids = tokenizer.ids(of: String(repeating: "hair ", count: 500))
    #expect(ids.count == 77 && ids.first == 49_406 && ids.last == 49_407)
    #expect(tokenizer.ids(of: "") == [49_406, 49_407])
    #expect(tokenizer.ids(of: "<end_of_text>") == [49_406, 49_407, 49_407])
  }

  /// A second would do for a megabyte; a merge that looks through the whole word each time takes hours. Busy machines and
  /// all cores of the tests together need room: a minute.
  @Test(
    "A megabyte takes a moment", .timeLimit(.minutes(1)),
    arguments: [
      "a", "ab", "&amp;", "&", "amp;", "\u{301}\u{323}", "Σ'", "hello world ", "!?", "&ampx",
    ]) func megabyte(piece: String)
  {
    let text = "&" + String(repeating: piece, count: (1 << 20) / piece.utf8.count)
    #expect(tokenizer.ids(of: text).count <= 77)
  }

  @Test("Vocabularies of one's own") func vocabularies() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("merges.txt")
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
    try write("#version\na b\nab c</w>\n")
    let own = TextTokenizer(vocabulary: try TextVocabulary(path: path), contextLength: 5)
    #expect(own.vocabulary.count == 516 && own.vocabulary.end == 515)
    #expect(own.ids(of: "abc ab") == [514, 513, 64, 256 + 65, 515])
    #expect(own.ids(of: "ababc") == [514, 512, 513, 515])
    #expect(try TextVocabulary(path: path, count: 515).count == 515)
    // A pair that a later merge makes may have a lower rank: it waits until the merge before it is done everywhere.
    try write("#\nxy z</w>\nx y\n")
    #expect(try TextTokenizer(vocabulary: TextVocabulary(path: path)).ids(of: "xyxyz") == [514, 513, 512, 515])
    for (text, reason) in [
      ("#\na b c\n", "line 2 is no merge"), ("#\na\n", "line 2 is no merge"), ("#\n\na b\n", "line 2 is no merge"),
    ] {
      try write(text)
      let error = #expect(throws: TextVocabularyError.self) { try TextVocabulary(path: path) }
      #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }
    try write("#\na b\n")
    let short = #expect(throws: TextVocabularyError.self) { try TextVocabulary(path: path, count: 49_408) }
    #expect(short?.reason.contains("it has 1 merges") == true, "\(short?.reason ?? "")")
    #expect(throws: TextVocabularyError.self) { try TextVocabulary(path: path, count: 3) }
    #expect(throws: TextVocabularyError.self) { try TextVocabulary(path: folder.file("none")) }
    let whole = TextVocabulary.publishedFile
    for damaged in [Array(whole.prefix(1000)), Array(whole.prefix(20)), [0x1F, 0x8B], []] {
      #expect(throws: TextVocabularyError.self) { try TextVocabulary(packed: damaged, count: 49_408, name: "damaged") }
    }
  }
}
