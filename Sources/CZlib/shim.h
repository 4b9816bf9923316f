// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <zlib.h>

// zlib's inits are macros that pass the version and the size of the stream along; Swift does not import those.

/// Starts a stream that compresses without zlib's own header, as zip files hold it.
static inline int czlib_raw_deflate_init(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY);
}

/// Starts a stream that decompresses data without a header.
static inline int czlib_raw_inflate_init(z_stream *stream) {
  return inflateInit2(stream, -MAX_WBITS);
}
