// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// What people have in place of a safetensors file, and what they read about it.
@Suite struct ForeignContentTests {
  @Test(arguments: [
    (
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4312345678\n",
      "a Git-LFS pointer, which stands for a file of 4312345678 bytes", "git lfs pull"
    ),
    (
      "<!DOCTYPE html>\n<html><head><title>Login</title>", "a web page, saved in place of the file",
      "login"
    ),
    ("  <html>", "a web page", "Download the file itself again"),
    (
      "{\"error\":\"Repository not found\"}",
      "a JSON text: \"{\"error\":\"Repository not found\"}\"", "Download"
    ),
    ("Entry not found", "a text: \"Entry not found\"", "Download"),
    ("{\"weight_map\":{}}", "the index of a sharded checkpoint", ".safetensors.index.json"),
    ("GGUF\u{3}\u{0}\u{0}\u{0}", "a GGUF file", "safetensors"),
    ("PK\u{3}\u{4}....archive/data.pkl", "a PyTorch checkpoint", "Convert it"),
    ("PK\u{3}\u{4}....", "a ZIP archive", "Unpack"),
    ("PK\u{3}\u{4}....a.npy", "an archive of NumPy arrays", "safetensors"),
    ("PK\u{3}\u{4}....metadata.json", "a Keras model", "safetensors"),
    ("\u{FEFF}\n <html lang=\"en\">", "a web page", "Download the file itself again"),
    ("<?xml version=\"1.0\"?><Error><Code>AccessDenied", "an XML text: \"<?xml", "Download"),
    ("%PDF-1.4 etc.", "a PDF document", ".safetensors"),
    ("(dp0\nVa\np1\nI1\ns.", "a Python pickle", "state_dict()"),
    ("Rar!\u{1A}\u{7}\u{1}\u{0}....", "a RAR archive", "Unpack"),
    ("BZh91AY&SY....", "a bzip2 archive", "Unpack"),
    ("\u{1C}\u{0}\u{0}\u{0}TFL3....", "a TensorFlow Lite model", "safetensors"),
    ("\u{8}\u{7}\u{12}\u{7}pytorch....", "an ONNX model", "safetensors"),
  ])
  func texts(_ content: String, _ kind: String, _ advice: String) {
    let text = refusal(Array(content.utf8))
    #expect(text.contains("this is \(kind)") && text.contains(advice), "\(text)")
    #expect(text.contains("and not a safetensors file"))
  }

  @Test func binaries() {
    #expect(refusal([0x80, 2, 0x7D, 0x71, 0, 0x58, 1, 0, 0, 0]).contains("a Python pickle"))
    #expect(refusal([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 0, 0, 0]).contains("an XZ archive"))
    #expect(refusal([0x28, 0xB5, 0x2F, 0xFD] + [UInt8](repeating: 0x78, count: 90)).contains("a Zstandard archive"))
    #expect(refusal([0x82, 0xA6] + Array("params.....".utf8)).contains("a MessagePack file"))
    #expect(refusal([UInt8](repeating: 0, count: 257) + Array("ustar\0".utf8) + [0]).contains("a TAR archive"))
    #expect(refusal([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0]).contains("a gzip archive"))
    #expect(refusal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]).contains("a picture"))
    #expect(refusal([UInt8](repeating: 0, count: 5000)).contains("a file of zeros"))
  }

  @Test func damagedHeadersAreNoTexts() {
    // A length of eight readable bytes would be beyond any file.
    #expect(refusal(image("{\"a\":")).contains("the header is not valid"))
    #expect(refusal(image("[]")).contains("does not begin with"))
  }

  @Test func linksThatLeadNowhere() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/model.safetensors", withDestinationPath: "../blobs/gone")
      let error = #expect(throws: WeightError.self) {
        try SafetensorsFile(path: folder + "/model.safetensors")
      }
      #expect(error?.description.contains("a link to ../blobs/gone, which is not there") == true)
    }
  }
}
