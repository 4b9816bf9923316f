// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Read-only memory that lives as long as someone refers to it: a mapped file, zero pages, or memory of another owner.
///
/// Unchecked, because a pointer is not `Sendable`: the memory is never written through this class, both properties are
/// constant, and the mapping goes away only with the last reference.
final class MappedRegion: @unchecked Sendable {
  /// A file that is mapped, as it was.
  private struct File {
    let path: String
    let device: dev_t
    let inode: ino_t
  }

  private enum Origin {
    case mapping(File?)
    case borrowed(AnyObject?)
  }

  let bytes: UnsafeRawBufferPointer
  private let origin: Origin

  private init(mapping: UnsafeRawBufferPointer, of file: File?) {
    bytes = mapping
    origin = .mapping(file)
    if let file { MappedFiles.add(mapping, path: file.path) }
  }

  /// Memory that someone else keeps: for ever if there is no owner.
  init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject?) {
    self.bytes = bytes
    origin = .borrowed(owner)
  }

  deinit {
    if case .mapping(let file) = origin {
      if file != nil { MappedFiles.remove(bytes) }
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
  }

  /// Gives the pages of a mapped file back to the system, which reads them again when they are next touched.
  func releasePages() {
    guard case .mapping = origin, let base = bytes.baseAddress else { return }
    // A private mapping that is never written loses nothing; advice may be refused, and then nothing changes.
    _ = madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_DONTNEED)
  }

  /// Makes sure that the file is still as long as it was, as far as it is still there: one that was replaced or removed
  /// stays whole as long as it is mapped.
  ///
  /// - Throws: ``WeightError/shortened(file:expected:found:)``.
  func checkLength() throws(WeightError) {
    guard case .mapping(let file?) = origin else { return }
    var status = stat()
    guard stat(FileName.cString(file.path), &status) == 0, status.st_dev == file.device, status.st_ino == file.inode,
      status.st_size < off_t(bytes.count)
    else { return }
    throw .shortened(file: file.path, expected: bytes.count, found: Int(status.st_size))
  }

  /// Maps a regular file whole.
  static func file(_ path: String) throws(WeightError) -> MappedRegion {
    // Without O_NONBLOCK the opening of a pipe waits for a writer that may never come.
    let descriptor = open(FileName.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT, let target = linkTarget(of: path) {
        throw .danglingLink(file: path, target: target)
      }
      if code == ENOENT || code == ENOTDIR { throw .fileMissing(file: path) }
      if code == EMFILE || code == ENFILE || code == ENOMEM {
        throw .outOfResources(file: path, reason: SystemError(code: code).reason)
      }
      throw .fileNotReadable(file: path, reason: SystemError(code: code).readingReason)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .fileNotReadable(file: path, reason: SystemError.last.readingReason)
    }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw .isDirectory(file: path) }
    guard kind == S_IFREG else {
      throw .fileNotReadable(file: path, reason: "it is not a regular file")
    }
    guard status.st_size > 0 else { throw .emptyFile(file: path) }
    guard let count = Int(exactly: status.st_size) else {
      throw .fileNotReadable(file: path, reason: "it is larger than the address space")
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      if errno == ENOMEM {
        throw .outOfResources(
          file: path, reason: "\(count >> 20) MiB to map it are not free; free some memory, or raise its limit")
      }
      throw .fileNotReadable(
        file: path, reason: "it cannot be mapped into memory: \(SystemError.last.readingReason)")
    }
    return MappedRegion(
      mapping: UnsafeRawBufferPointer(start: address, count: count),
      of: File(path: path, device: status.st_dev, inode: status.st_ino))
  }

  /// What a symbolic link says; nil for anything else.
  private static func linkTarget(of path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { chars in
        chars.baseAddress.map { readlink(FileName.cString(path), $0, chars.count) } ?? -1
      }
    }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// Zeros that cost address space and no memory, since a page that is only read is the system's one zero page.
  static func zeros(count: Int) -> MappedRegion? {
    guard count > 0 else {
      return MappedRegion(borrowing: UnsafeRawBufferPointer(start: nil, count: 0), owner: nil)
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let address, address != MAP_FAILED else { return nil }
    return MappedRegion(mapping: UnsafeRawBufferPointer(start: address, count: count), of: nil)
  }
}

/// A stretch of read-only memory, mapped from a file or embedded in the program, without a copy.
///
/// The value keeps the mapping alive, so a backend that can compute on host memory may hold it in place of a copy.
/// A weight starts wherever its file puts it: ask `isAligned(to:)` before reading it as anything but bytes.
///
/// - Warning: A file that another process shortens while it is mapped makes the next read of the lost pages end the
///   program (`SIGBUS`). The size is checked when the file is opened and before each part of a network is read
///   (``SafetensorsFile/checkLength()``), which leaves the moment in between: reading copies instead would take the
///   memory of the weights twice. Replace weight files by renaming a new file over them, as `SafetensorsWriter` does, never
///   by writing into them. A program may handle the signal; a library must not.
public struct MappedBytes: Sendable {
  private let region: MappedRegion
  private let range: Range<Int>

  /// The range must lie within the region, which the header's validation has made sure of.
  init(_ region: MappedRegion, _ range: Range<Int>) {
    self.region = region
    self.range = range
  }

  /// The number of bytes.
  public var count: Int { range.count }

  /// Calls the closure with the bytes; the pointer is valid only during the call.
  ///
  /// - Throws: What the closure throws.
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R)
    throws(E) -> R
  {
    // The pointer says nothing of the region to the optimizer, which may otherwise unmap it before the body returns.
    defer { withExtendedLifetime(region) {} }
    return try body(UnsafeRawBufferPointer(rebasing: region.bytes[range]))
  }

  /// Numbers of binary64 as numbers of binary32, in memory of their own.
  func narrowed() -> MappedBytes {
    withUnsafeBytes { doubles in
      let count = doubles.count / 8
      let owner = OwnedFloats(count: count)
      for index in 0..<count {
        let bits = UInt64(
          littleEndian: doubles.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
        owner.floats[index] = Float(Double(bitPattern: bits))
      }
      let bytes = UnsafeRawBufferPointer(owner.floats)
      return MappedBytes(MappedRegion(borrowing: bytes, owner: owner), 0..<bytes.count)
    }
  }

  /// Whether the first byte stands at a multiple of the given number of bytes.
  public func isAligned(to alignment: Int) -> Bool {
    guard alignment > 1 else { return true }
    return withUnsafeBytes { UInt(bitPattern: $0.baseAddress) % UInt(alignment) == 0 }
  }
}

/// Memory for numbers that goes with its last reference.
private final class OwnedFloats {
  let floats: UnsafeMutableBufferPointer<Float>

  init(count: Int) {
    floats = .allocate(capacity: count)
    floats.initialize(repeating: 0)
  }

  deinit { floats.deallocate() }
}
