// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// What goes wrong before a decoder sees a byte.
@Suite struct ImageLoadingErrorTests {
  private func loadingError(_ path: String) -> ImageError? {
    imageError { () throws(ImageError) in _ = try Image.load(path) }
  }

  @Test func missingFile() {
    #expect(loadingError("/no/such/file.png") == .notFound(file: "/no/such/file.png"))
    #expect(
      loadingError("/no/such/file.png")?.description
        == "/no/such/file.png: there is no such file. Check the path.")
  }

  @Test func oddPaths() throws {
    let folder = try TemporaryFolder()
    #expect(loadingError("")?.description == "\"\": cannot be read: the path is empty.")
    #expect(
      loadingError("a.png\0b") == .unreadable(file: "a.png\0b", reason: "the path holds a zero byte"))
    #expect(
      loadingError(folder.path)?.description
        == "\(folder.path): cannot be read: it is a folder. Give the path of a file.")
    try folder.put([1], as: "file")
    #expect(
      loadingError(folder.file("file/inside.png"))
        == .unreadable(
          file: folder.file("file/inside.png"), reason: "a part of the path is a file, not a folder"))
    #expect(loadingError("/dev/null") == .unreadable(file: "/dev/null", reason: "it is not a regular file"))
    #expect(mkfifo(folder.file("pipe.png"), 0o600) == 0)
    #expect(
      loadingError(folder.file("pipe.png"))
        == .unreadable(file: folder.file("pipe.png"), reason: "it is not a regular file"))
    let long = folder.file(String(repeating: "n", count: 300))
    #expect(loadingError(long) == .unreadable(file: long, reason: "the name is too long"))
    #expect(symlink("loop.png", folder.file("loop.png")) == 0)
    #expect(
      loadingError(folder.file("loop.png"))
        == .unreadable(file: folder.file("loop.png"), reason: "its symbolic links lead in a circle"))
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
  func noPermission() throws {
    let folder = try TemporaryFolder()
    try folder.put([1, 2, 3], as: "secret.png")
    #expect(chmod(folder.file("secret.png"), 0) == 0)
    #expect(
      loadingError(folder.file("secret.png"))?.description
        == "\(folder.file("secret.png")): cannot be read: no permission. "
        + "Check the permissions of the file and of its folders.")
  }

  @Test func emptyFile() throws {
    let folder = try TemporaryFolder()
    try folder.put([], as: "nothing.png")
    #expect(
      loadingError(folder.file("nothing.png"))?.description
        == "\(folder.file("nothing.png")): there is nothing in it. Export the image again.")
    #expect(
      imageError { () throws(ImageError) in _ = try Image(data: []) }?.description
        == "the image data: there is nothing in it. Export the image again.")
  }

  @Test func hugeFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("huge.png")
    try folder.put([0x89], as: "huge.png")
    #expect(truncate(path, off_t(Image.maximumFileSize) + 1) == 0)
    #expect(
      loadingError(path)?.description
        == "\(path): too large: a file of 536870913 bytes, where at most 536870912 are read. Make it smaller.")
  }

  @Test(arguments: [
    ("GIF89a......", "a GIF image"), ("GIF87a", "a GIF image"), ("RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
    ("BM\0\0\0\0", "a BMP image"), ("II*\0\0\0", "a TIFF image"), ("MM\0*\0\0", "a TIFF image"),
    ("8BPS\0", "a Photoshop document"), ("\0\0\0\u{20}ftypavif", "an AVIF image"),
    ("\0\0\0\u{18}ftypheic", "a HEIC image or a video"), ("%PDF-1.7", "a PDF document"),
    ("<svg xmlns", "an SVG image or a web page"), ("\0\0\0\u{0C}JXL \r\n", "a JPEG XL image"),
    ("\0\0\0\u{0C}jP  \r\n", "a JPEG 2000 image"), ("CSFCHUNK\0\0", "a Clip Studio Paint document"),
    ("gimp xcf v011\0", "a GIMP document"), ("v/1\u{01}\u{02}\0", "an OpenEXR image"),
    ("P6\n2 2\n255\n", "a PNM image"),
    ("%!PS-Adobe-3.0", "a PostScript document"),
  ])
  func foreignFormats(content: String, resemblance: String) {
    // Other tests of the process register further formats.
    let error = ImageCodecRegistry.$shared.withValue(ImageCodecRegistry()) {
      imageError { () throws(ImageError) in _ = try Image(data: Array(content.utf8), file: "cat.png") }
    }
    #expect(error == .unknownFormat(file: "cat.png", resembles: resemblance))
    let text = ImageCodecRegistry.$shared.withValue(ImageCodecRegistry()) { error?.description }
    #expect(text == "cat.png: this looks like \(resemblance). Convert it to PNG or JPEG.")
  }

  @Test func unknownFormat() {
    for content in ["hello", "R", "RIFF", "\0\0\0\0", "M", "II*"] {
      let text = ImageCodecRegistry.$shared.withValue(ImageCodecRegistry()) {
        imageError { () throws(ImageError) in _ = try Image(data: Array(content.utf8), file: "cat.png") }?.description
      }
      #expect(
        text == "cat.png: this is neither a PNG nor a JPEG image. Convert it to PNG or JPEG.")
    }
  }
}
