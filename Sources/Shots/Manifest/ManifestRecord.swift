// SPDX-License-Identifier: Apache-2.0

import Colorize

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One line of a shot's manifest: what was made of which content.
public struct ManifestRecord: Sendable, Hashable, Codable {
  /// What a line says.
  public enum Event: String, Sendable, Hashable, Codable {
    /// The frame's files have this content. The line is written before the files take their names, so that no file of the
    /// program is ever unaccounted for: a frame is finished where both agree.
    case finished
    /// The frame could not be coloured.
    case failed
  }

  /// One file that was written.
  public struct File: Sendable, Hashable, Codable {
    /// Its path, from the manifest's folder if it lies there.
    public var path: String
    public var sha256: Digest
    public var bytes: Int

    public init(path: String, sha256: Digest, bytes: Int) {
      self.path = path
      self.sha256 = sha256
      self.bytes = bytes
    }
  }

  /// 1.
  public var version = 1
  public var event: Event
  /// What the frame is called.
  public var frame: String
  /// The digest of all that decides the frame's files: inputs, model, settings, and what is written.
  public var key: Digest
  /// The content of each input: `sketch`, `reference`, `sketchMask`, `referenceMask`, `background`, `palette`, `key1` ...
  public var inputs: [String: Digest]
  /// The model's weights and configuration.
  public var model: Digest
  /// What the model is called.
  public var modelName: String
  public var backend: String
  public var settings: ColorizeSettings
  /// The files, the picture first; none where the frame failed.
  public var files: [File]
  /// The colours that the frame's regions have by agreement with other frames; nil where they are the frame's own.
  public var agreement: Digest?
  /// Why the frame failed.
  public var reason: String?
  /// How long it took.
  public var seconds: Double
  /// When it was written, in seconds since 1970. For people: nothing is decided by it.
  public var time: Double
  public var host: String
  public var process: Int32

  public init(
    event: Event, frame: String, key: Digest, inputs: [String: Digest], model: Digest, modelName: String,
    backend: String,
    settings: ColorizeSettings, files: [File], reason: String?, seconds: Double, time: Double, host: String,
    process: Int32
  ) {
    self.event = event
    self.frame = frame
    self.key = key
    self.inputs = inputs
    self.model = model
    self.modelName = modelName
    self.backend = backend
    self.settings = settings
    self.files = files
    self.reason = reason
    self.seconds = seconds
    self.time = time
    self.host = host
    self.process = process
  }
}

extension ManifestRecord {
  /// The line without its end: JSON with sorted keys, whose last one is a check sum of what stands before it.
  func line() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(self), as: UTF8.self).dropLast()
    return "\(text),\"\(Self.sumKey)\":\"\(Self.sum(of: text))\"}"
  }

  /// What a line says; nil for one that is not whole, whatever is left of it.
  init?(line: some StringProtocol) {
    let mark = ",\"\(Self.sumKey)\":\""
    guard line.hasSuffix("\"}") else { return nil }
    let body = line.dropLast(2)
    guard body.utf8.count > Self.sumLength else { return nil }
    let sum = body.suffix(Self.sumLength)
    let rest = body.dropLast(Self.sumLength)
    guard rest.hasSuffix(mark) else { return nil }
    let text = rest.dropLast(mark.count)
    guard sum == Self.sum(of: text),
      let record = try? JSONDecoder().decode(ManifestRecord.self, from: Data("\(text)}".utf8)), record.version == 1
    else { return nil }
    self = record
  }

  /// Whether bytes are the beginning of a manifest: of its first line, which may be torn, or of several of which one has
  /// its sum.
  static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    // The first of the sorted keys.
    let beginnings = ["agreement", "backend"].map { Array("{\"\($0)\":\"".utf8) }
    if beginnings.contains(where: { bytes.starts(with: $0) || $0.starts(with: bytes) }) { return true }
    let mark = Array(",\"\(sumKey)\":\"".utf8)
    return bytes.indices.contains { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }
  }

  private static let sumKey = "~sum"
  private static let sumLength = 16

  private static func sum(of text: some StringProtocol) -> String {
    String(Digest(String(text)).description.prefix(sumLength))
  }
}
