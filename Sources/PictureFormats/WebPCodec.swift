// SPDX-License-Identifier: Apache-2.0

import CWebP
import Colorize

/// WebP, through libwebp. Of an animation the first frame is read; files are written without loss.
struct WebPCodec: ImageCodec {
  var format: ImageFormat { .webP }
  var pathExtensions: [String] { ["webp"] }
  var writes: Bool { true }
  /// The longest side that the format has.
  private static let maximumSide = 16_383
  private static let maximumProfile = 4 << 20

  func recognizes(_ data: [UInt8]) -> Bool {
    data.starts(with: "RIFF".utf8) && data.dropFirst(8).starts(with: "WEBP".utf8)
  }

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    var features = WebPBitstreamFeatures()
    try check(WebPGetFeatures(data, data.count, &features), file: file)
    let (width, height) = (Int(features.width), Int(features.height))
    try CodecBuffers.check(width: width, height: height, file: file)
    let hasAlpha = features.has_alpha != 0
    if features.has_animation != 0 { return try animation(data, width: width, height: height, file: file) }
    let channels = hasAlpha ? 4 : 3
    let pixels = try CodecBuffers.pixels(count: width * height * channels) { address throws(ImageError) in
      var configuration = WebPDecoderConfig()
      guard WebPInitDecoderConfig(&configuration) != 0 else {
        throw .corrupt(file: file, format: .webP, reason: "the decoder is of another version")
      }
      configuration.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
      configuration.output.is_external_memory = 1
      configuration.output.u.RGBA.rgba = address
      configuration.output.u.RGBA.stride = Int32(width * channels)
      configuration.output.u.RGBA.size = width * height * channels
      let status = WebPDecode(data, data.count, &configuration)
      WebPFreeDecBuffer(&configuration.output)
      try check(status, file: file)
    }
    var decoded = DecodedImage(try Image(width: width, height: height, channels: channels, pixels: pixels))
    readChunks(data, into: &decoded)
    return decoded
  }

  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    guard max(image.width, image.height) <= Self.maximumSide else {
      throw .encodingFailed(
        format: .webP,
        reason: "a side has at most \(Self.maximumSide) pixels, and this has \(max(image.width, image.height))")
    }
    var picture = WebPPicture()
    guard WebPPictureInit(&picture) != 0 else {
      throw .encodingFailed(format: .webP, reason: "the encoder is of another version")
    }
    defer { WebPPictureFree(&picture) }
    picture.use_argb = 1
    (picture.width, picture.height) = (Int32(image.width), Int32(image.height))
    let channels = image.channels == 4 ? 4 : 3
    let pixels = image.channels == 1 ? image.composited().pixels : image.pixels
    let stride = Int32(image.width * channels)
    let imported =
      channels == 4
      ? WebPPictureImportRGBA(&picture, pixels, stride) : WebPPictureImportRGB(&picture, pixels, stride)
    var writer = WebPMemoryWriter()
    WebPMemoryWriterInit(&writer)
    defer { WebPMemoryWriterClear(&writer) }
    guard imported != 0, cwebp_encode(&picture, &writer) != 0 else {
      throw .encodingFailed(format: .webP, reason: "the encoder's error \(picture.error_code.rawValue)")
    }
    return [UInt8](UnsafeBufferPointer(start: writer.mem, count: writer.size))
  }

  private func animation(
    _ data: [UInt8], width: Int, height: Int, file: String?
  ) throws(ImageError) -> DecodedImage {
    // The bytes must stay where they are for as long as the decoder does.
    let pixels: [UInt8]? = data.withUnsafeBufferPointer { data in
      guard let decoder = cwebp_animation(data.baseAddress, data.count) else { return nil }
      defer { WebPAnimDecoderDelete(decoder) }
      var info = WebPAnimInfo()
      var frame: UnsafeMutablePointer<UInt8>?
      var time: Int32 = 0
      guard WebPAnimDecoderGetInfo(decoder, &info) != 0, Int(info.canvas_width) == width,
        Int(info.canvas_height) == height, WebPAnimDecoderGetNext(decoder, &frame, &time) != 0, let frame
      else { return nil }
      return [UInt8](UnsafeBufferPointer(start: frame, count: width * height * 4))
    }
    guard let pixels else {
      throw .corrupt(file: file, format: .webP, reason: "the first frame cannot be read")
    }
    var decoded = DecodedImage(try Image(width: width, height: height, channels: 4, pixels: pixels))
    decoded.notes.append(.firstOfSeveral)
    readChunks(data, into: &decoded)
    return decoded
  }

  /// Takes the profile and the camera's notes, where there are some.
  private func readChunks(_ data: [UInt8], into decoded: inout DecodedImage) {
    func chunk(_ name: String, of demuxer: OpaquePointer) -> [UInt8]? {
      var found = WebPChunkIterator()
      guard WebPDemuxGetChunk(demuxer, name, 1, &found) != 0 else { return nil }
      defer { WebPDemuxReleaseChunkIterator(&found) }
      guard found.chunk.size <= Self.maximumProfile else { return [] }
      return [UInt8](UnsafeBufferPointer(start: found.chunk.bytes, count: found.chunk.size))
    }
    data.withUnsafeBufferPointer { data in
      var content = WebPData(bytes: data.baseAddress, size: data.count)
      guard let demuxer = WebPDemux(&content) else { return }
      defer { WebPDemuxDelete(demuxer) }
      decoded.profile = chunk("ICCP", of: demuxer)
      let exif = chunk("EXIF", of: demuxer).map { EXIFBlock($0[...]) }
      decoded.orientation = exif?.orientation
      decoded.resolution = exif?.resolution
    }
  }

  private func check(_ status: VP8StatusCode, file: String?) throws(ImageError) {
    switch status {
    case VP8_STATUS_OK: return
    case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED:
      throw .truncated(file: file, format: .webP, reason: "data is missing")
    case VP8_STATUS_OUT_OF_MEMORY: throw .tooLarge(file: file, reason: "no memory for the pixels")
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw .unsupported(file: file, format: .webP, reason: "it uses a newer feature of the format")
    default: throw .corrupt(file: file, format: .webP, reason: "the bit stream makes no sense")
    }
  }
}
