// SPDX-License-Identifier: Apache-2.0

/// What a file that is no safetensors file really is, found by its content.
///
/// Downloads end up as pointers, web pages and error texts, and checkpoints come in other formats under any name. What is
/// not recognised is left to the checks of the header.
public struct ForeignContent: Sendable, Hashable {
  /// What it is: completes "this is ...".
  public let kind: String
  /// What to do.
  public let advice: String

  private static let download = "Download the file itself again."
  private static let safetensors = "Get the model in safetensors."
  private static let unpack = "Unpack it."

  /// - Parameter bytes: the whole file.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let found = Self.binary(bytes) ?? Self.text(bytes) else { return nil }
    (kind, advice) = found
  }

  private static func begins(_ bytes: UnsafeRawBufferPointer, with signature: [UInt8]) -> Bool {
    bytes.prefix(signature.count).elementsEqual(signature)
  }

  private static func binary(_ bytes: UnsafeRawBufferPointer) -> (String, String)? {
    func begins(_ signature: [UInt8]) -> Bool { Self.begins(bytes, with: signature) }
    if begins(Array("GGUF".utf8)) {
      return (
        "a GGUF file, the format of llama.cpp and stable-diffusion.cpp",
        "Get the model in safetensors instead."
      )
    }
    if begins(Array("PK\u{03}\u{04}".utf8)) || begins(Array("PK\u{05}\u{06}".utf8)) { return zip(bytes) }
    if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      return ("a Python pickle", "Save the model's state_dict() with torch.save, or as safetensors.")
    }
    for (signature, name) in formats where begins(signature) { return (name, safetensors) }
    if bytes.count > 8, bytes[4..<8].elementsEqual("TFL3".utf8) { return ("a TensorFlow Lite model", safetensors) }
    for (signature, name) in archives where begins(signature) { return (name, unpack) }
    if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) { return ("a TAR archive", unpack) }
    // A message of protocol buffers: the version of the format, then the name of the program that wrote it.
    if bytes.count > 4, bytes[0] == 0x08, bytes[1] < 0x20, bytes[2] == 0x12, bytes[3] > 0, bytes[3] < 0x40 {
      return ("an ONNX model", safetensors)
    }
    // A map of MessagePack whose first key is a short text.
    if bytes.count > 8, (0x81...0x8F).contains(bytes[0]), (0xA1...0xBF).contains(bytes[1]),
      bytes[2..<min(bytes.count, 2 + Int(bytes[1] & 0x1F))].allSatisfy({ (0x20..<0x7F).contains($0) })
    {
      return ("a MessagePack file, as Flax writes", safetensors)
    }
    if begins(Array("%PDF-".utf8)) { return ("a PDF document", "Give the path of a .safetensors file.") }
    if begins([0x89, 0x50, 0x4E, 0x47]) || begins([0xFF, 0xD8, 0xFF]) {
      return ("a picture", "Give the path of a .safetensors file.")
    }
    // Space for a download is often reserved before it is filled.
    if bytes.count >= 4096, bytes.prefix(4096).allSatisfy({ $0 == 0 }) {
      return ("a file of zeros, as an unfinished download leaves it", download)
    }
    return nil
  }

  private static let formats: [([UInt8], String)] = [
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file, as Keras writes"),
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a NumPy array"),
  ]

  private static let archives: [([UInt8], String)] = [
    ([0x1F, 0x8B], "a gzip archive"), ([0x37, 0x7A, 0xBC, 0xAF], "a 7-Zip archive"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an XZ archive"), ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive"),
    (Array("BZh".utf8), "a bzip2 archive"), (Array("Rar!".utf8), "a RAR archive"),
  ]

  private static func zip(_ bytes: UnsafeRawBufferPointer) -> (String, String) {
    // The first names in the archive stand within its first bytes.
    let head = String(decoding: bytes.prefix(512), as: UTF8.self)
    if head.contains("data.pkl") {
      return ("a PyTorch checkpoint (.ckpt, .pt, .pth)", "Convert it to safetensors first.")
    }
    if head.contains(".npy") { return ("an archive of NumPy arrays", safetensors) }
    if head.contains("metadata.json") || head.contains(".weights.h5") { return ("a Keras model", safetensors) }
    return ("a ZIP archive", unpack)
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> (String, String)? {
    // A header's length has zeros among its eight bytes, and text has none.
    let head = bytes.prefix(1024)
    // What some programs put before texts.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    guard bytes.count >= 3, bytes[0] < 0x7F || head.starts(with: mark),
      head.prefix(8).allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) })
    else { return nil }
    let text = String(decoding: head.starts(with: mark) ? head.dropFirst(mark.count)[...] : head[...], as: UTF8.self)
    let start = text.drop(while: \.isWhitespace)
    let lowered = start.lowercased()
    if start.hasPrefix("version https://git-lfs") {
      let size = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("size ") }
        .flatMap { Int($0.dropFirst(5)) }
      let stands = size.map { ", which stands for a file of \($0) bytes" } ?? ""
      return (
        "a Git-LFS pointer\(stands)", "Fetch the file itself with \"git lfs pull\", or download it."
      )
    }
    if lowered.hasPrefix("<!doctype") || lowered.hasPrefix("<html") || lowered.contains("<head>") {
      return (
        "a web page, saved in place of the file",
        "Open the address in a browser: it may ask for a login or for terms to be accepted. "
          + download
      )
    }
    if lowered.hasPrefix("<?xml") || lowered.hasPrefix("<error") {
      return ("an XML text: \(excerpt(String(start)))", download)
    }
    if start.hasPrefix("{") || start.hasPrefix("[") {
      let name =
        text.contains("weight_map")
        ? "the index of a sharded checkpoint" : "a JSON text: \(excerpt(text))"
      return (
        name, text.contains("weight_map") ? "Name it ....safetensors.index.json, or ....bin.index.json." : download
      )
    }
    // Anything else that is text to its end, if it is short: what a server says in place of a file.
    guard bytes.count <= 65_536, bytes.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) }),
      String(validating: bytes, as: UTF8.self) != nil
    else { return nil }
    // The oldest form of pickles is text: "(dp0", and a full stop at the end.
    if start.hasPrefix("(dp") || start.hasPrefix("(lp") || start.hasPrefix("c") && text.contains("\n("),
      bytes.last == 0x2E || bytes.last == 0x0A
    {
      return ("a Python pickle", "Save the model's state_dict() with torch.save, or as safetensors.")
    }
    return ("a text: \(excerpt(text))", download)
  }

  private static func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return WeightError.quoted(line.count > 80 ? line.prefix(80) + "..." : line)
  }
}
