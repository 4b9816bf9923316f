// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import PictureFormats

/// What libFuzzer calls with every input. IRODORI_FUZZ says what the input is taken for.
///
/// A reader may refuse what it is given. It must not trap, read outside of the data, run without end or allocate without
/// bound: the first two end the process, of the others libFuzzer takes care.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  target(UnsafeBufferPointer(start: data, count: size))
  return 0
}

/// Makes ready what all inputs share, which is no part of the time that one may take.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutablePointer<CInt>?,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
  _ = target
  return 0
}

private let target: @Sendable (UnsafeBufferPointer<UInt8>) -> Void = {
  PictureFormats.register()
  let name = ProcessInfo.processInfo.environment["IRODORI_FUZZ"] ?? ""
  switch name {
  case "safetensors":
    return { input in
      guard let file = try? SafetensorsFile(bytes: UnsafeRawBufferPointer(input), name: "fuzz") else { return }
      readAll(file)
    }
  case "pytorch":
    return { input in
      guard let file = try? PyTorchFile(bytes: UnsafeRawBufferPointer(input), name: "fuzz") else { return }
      readAll(file)
    }
  case "tokenizer":
    guard let words = try? TextVocabulary(packed: TextVocabulary.publishedFile, name: "published") else { exit(2) }
    let tokenizer = TextTokenizer(vocabulary: words)
    return { input in
      let ids = tokenizer.ids(of: String(decoding: input, as: UTF8.self))
      precondition((2...77).contains(ids.count) && ids.allSatisfy { (0..<49_408).contains($0) } && ids.last == 49_407)
    }
  case "vocabulary":
    return { input in
      guard let words = try? TextVocabulary(packed: Array(input), name: "fuzz") else { return }
      let ids = TextTokenizer(vocabulary: words).ids(of: "the abracadabra of 12 lower girls' blue hair")
      precondition(ids.allSatisfy { (0..<Int32(words.count)).contains($0) })
    }
  case "palette": return { input in _ = try? Palette(data: Array(input), file: nil) }
  default:
    if let target = ConfigurationTargets.all[name] { return target }
    guard let format = ImageFormat.known.first(where: { $0.rawValue.lowercased() == name }), let codec = format.codec
    else {
      let names =
        ["safetensors", "pytorch", "tokenizer", "vocabulary", "palette"] + ConfigurationTargets.all.keys.sorted()
        + ImageFormat.known.map { $0.rawValue.lowercased() }
      FileHandle.standardError.write(Data("IRODORI_FUZZ is one of \(names.joined(separator: ", "))\n".utf8))
      exit(2)
    }
    return { input in
      let data = Array(input)
      // Other formats have targets of their own.
      guard codec.recognizes(data), let read = try? Image.decode(data) else { return }
      precondition(read.image.pixels.count == read.image.width * read.image.height * read.image.channels)
    }
  }
}()

/// Touches every byte of every tensor, unless that would take long.
private func readAll(_ file: any WeightFile) {
  for key in file.keys {
    guard let entry = file[key], entry.elementCount < 1 << 20, let bytes = try? file.bytes(of: key) else { continue }
    bytes.withUnsafeBytes { _ = $0.reduce(0) { $0 &+ Int($1) } }
  }
}
