import Glibc

/// A number that a system call left in `errno`, in the user's words.
///
/// `strerror` would do, but it shares one buffer between threads and says nothing of what to do.
struct SystemError: Equatable {
  let code: Int32

  /// The error of the call just made on this thread.
  static var last: SystemError { SystemError(code: errno) }

  /// Why reading failed; completes "... cannot be read: ".
  var readingReason: String {
    switch code {
    case EACCES, EPERM: "no permission. Check the permissions of the file and of its folders"
    case EISDIR: "it is a folder. Give the path of an image file"
    case ENOTDIR: "a part of the path is a file, not a folder"
    case ELOOP: "its symbolic links lead in a circle"
    case ENAMETOOLONG: "the name is too long"
    case EMFILE, ENFILE: "too many files are open"
    case EIO: "the disk reports an error"
    default: "the system reports error \(code)"
    }
  }

  /// Why writing failed; completes "... cannot be written: ".
  var writingReason: String {
    switch code {
    case ENOENT: "its folder does not exist. Create the folder first"
    case EACCES, EPERM: "no permission. Check the permissions of the folder, and of the file if there is one"
    case EISDIR: "it is a folder. Give the path of a file"
    case ENOTDIR: "a part of the path is a file, not a folder"
    case EROFS: "the file system is read-only"
    case ENOSPC: "the disk is full. Free some space"
    case EDQUOT: "the disk quota is used up. Free some space"
    case EFBIG: "the file would be larger than the system allows"
    case ELOOP: "its symbolic links lead in a circle"
    case ENAMETOOLONG: "the name is too long"
    case EMFILE, ENFILE: "too many files are open"
    case EIO: "the disk reports an error"
    default: "the system reports error \(code)"
    }
  }
}
