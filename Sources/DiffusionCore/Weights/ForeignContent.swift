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
  private static let convert =
    "Convert it to safetensors first, with a program that you trust: such a file can run code when it is opened."

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
    if begins(Array("PK\u{03}\u{04}".utf8)) || begins(Array("PK\u{05}\u{06}".utf8)) {
      // The first name in the archive stands within its first bytes.
      let head = String(decoding: bytes.prefix(512), as: UTF8.self)
      return head.contains("data.pkl")
        ? ("a PyTorch checkpoint (.ckpt, .pt, .pth)", convert)
        : (
          "a ZIP archive",
          "Unpack it; if it is a PyTorch checkpoint, convert it to safetensors first."
        )
    }
    if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      return ("a Python pickle, as PyTorch wrote checkpoints long ago", convert)
    }
    if begins([0x89, 0x48, 0x44, 0x46]) {
      return ("an HDF5 file, as Keras writes", "Get the model in safetensors.")
    }
    if begins([0x1F, 0x8B]) { return ("a gzip archive", "Unpack it.") }
    if begins([0x37, 0x7A, 0xBC, 0xAF]) { return ("a 7-Zip archive", "Unpack it.") }
    if begins([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
      return ("a NumPy array", "Get the model in safetensors.")
    }
    if begins([0x89, 0x50, 0x4E, 0x47]) || begins([0xFF, 0xD8, 0xFF]) {
      return ("a picture", "Give the path of a .safetensors file.")
    }
    // Space for a download is often reserved before it is filled.
    if bytes.count >= 4096, bytes.prefix(4096).allSatisfy({ $0 == 0 }) {
      return ("a file of zeros, as an unfinished download leaves it", download)
    }
    return nil
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> (String, String)? {
    // A header's length has zeros among its eight bytes, and text has none.
    let head = bytes.prefix(1024)
    guard bytes.count >= 3, bytes[0] < 0x7F, head.prefix(8).allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) })
    else { return nil }
    let text = String(decoding: head, as: UTF8.self)
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
    if start.hasPrefix("{") || start.hasPrefix("[") {
      let name =
        text.contains("weight_map")
        ? "the index of a sharded checkpoint" : "a JSON text: \(excerpt(text))"
      return (
        name, text.contains("weight_map") ? "Name it ....safetensors.index.json, or ....bin.index.json." : download
      )
    }
    // Anything else that is text to its end, if it is short: what a server says in place of a file.
    guard bytes.count <= 65_536, bytes.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) })
    else { return nil }
    return ("a text: \(excerpt(text))", download)
  }

  private static func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return WeightError.quoted(line.count > 80 ? line.prefix(80) + "..." : line)
  }
}
