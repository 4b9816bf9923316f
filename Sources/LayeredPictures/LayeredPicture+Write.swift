// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// The file formats that layers are written in.
public enum LayeredFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// OpenRaster: Krita, GIMP, MyPaint.
  case openRaster = "OpenRaster"
  /// A Photoshop document: Photoshop, Clip Studio Paint, Krita, GIMP and most others.
  case photoshop = "Photoshop"

  public var description: String { rawValue }

  /// The extension of its files, without the dot.
  public var pathExtension: String {
    switch self {
    case .openRaster: "ora"
    case .photoshop: "psd"
    }
  }

  /// The format that a path's extension stands for, in any case: `.ora`, `.psd`.
  ///
  /// - Throws: ``LayeredPictureError/unsupportedExtension(file:)`` for any other, or none.
  public init(pathExtensionOf path: String) throws(LayeredPictureError) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let found = name.lowercased()
    // A name that is nothing but an extension is a hidden file, not a picture.
    guard let format = Self.allCases.first(where: { found.hasSuffix(".\($0.pathExtension)") && found.utf8.count > 4 })
    else { throw .unsupportedExtension(file: path) }
    self = format
  }

  /// Both formats count bytes in 32 bits; Photoshop's ends at half of it.
  var maximumFileSize: Int {
    switch self {
    case .openRaster: Int(UInt32.max)
    case .photoshop: Int(Int32.max)
    }
  }

  /// The most layers that a file holds, where a group counts as two.
  package var maximumLayerCount: Int {
    switch self {
    case .openRaster: LayeredPicture.maximumLayerCount
    case .photoshop: PhotoshopWriter.maximumRecordCount
    }
  }

  fileprivate var advice: String {
    switch self {
    case .openRaster: "Give fewer or smaller layers"
    case .photoshop: "Write it as .ora, which may be twice as large, or give fewer layers"
    }
  }

  func write(_ picture: LayeredPicture, to sink: ByteSink, progress: ((Double) -> Void)?) throws {
    do {
      switch self {
      case .openRaster: try OpenRasterWriter(picture: picture, sink: sink, progress: progress).write()
      case .photoshop: try PhotoshopWriter(picture: picture, sink: sink, progress: progress).write()
      }
    } catch let error as ZipWriter.Failure {
      throw LayeredPictureError.tooLarge(reason: error.reason)
    }
  }

  func sink(descriptor: Int32? = nil) -> ByteSink {
    ByteSink(descriptor: descriptor, limit: maximumFileSize, advice: advice)
  }
}

extension LayeredPicture {
  /// The whole file, in memory.
  ///
  /// - Parameter progress: Called now and then with how much is done, 0...1.
  /// - Throws: ``LayeredPictureError/tooLarge(reason:)`` beyond what the format holds: 4 GiB for OpenRaster, 2 GiB and
  ///   8,000 layers for Photoshop; `CancellationError` where the task is cancelled.
  public func data(as format: LayeredFormat, progress: ((Double) -> Void)? = nil) throws -> [UInt8] {
    let sink = format.sink()
    try format.write(self, to: sink, progress: progress)
    return sink.bytes
  }

  /// Writes the picture as OpenRaster (`.ora`) or as a Photoshop document (`.psd`), by the extension of the path.
  ///
  /// The file is replaced in one step: if anything fails, what stood there before is still there. Beside the picture
  /// itself it takes the memory of one layer and of the merged picture.
  ///
  /// - Parameters:
  ///   - path: Where to. The folder must exist.
  ///   - existing: What happens to a file that is there.
  ///   - progress: Called now and then with how much is done, 0...1.
  /// - Throws: ``LayeredPictureError/unsupportedExtension(file:)``, `ImageError` if the file cannot be written, and
  ///   what ``data(as:progress:)`` throws.
  public func write(
    to path: String, existing: ExistingFilePolicy = .replace, progress: ((Double) -> Void)? = nil
  ) throws {
    let format = try LayeredFormat(pathExtensionOf: path)
    // What has no end to go back to gets the file in one piece.
    guard !FileName.isPipe(path) else {
      let data = try data(as: format, progress: progress)
      return try Self.translating { () throws(UnwritableFile) in try AtomicFile.write(data, to: path) }
    }
    let file = try Self.translating { () throws(UnwritableFile) in try AtomicFile(path, existing: existing) }
    let sink = format.sink(descriptor: file.descriptor)
    do {
      try format.write(self, to: sink, progress: progress)
      try sink.flush()
    } catch let error as SystemError {
      throw ImageError.unwritable(file: path, reason: error.writingReason)
    }
    try Self.translating { () throws(UnwritableFile) in try file.commit() }
  }

  private static func translating<R>(_ body: () throws(UnwritableFile) -> R) throws(ImageError) -> R {
    do {
      return try body()
    } catch {
      throw ImageError(error)
    }
  }
}
