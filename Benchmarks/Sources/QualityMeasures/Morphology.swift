// SPDX-License-Identifier: Apache-2.0

/// The extreme value in the square about each pixel: two passes, edges left out.
func extremes<T: Comparable>(_ values: [T], _ width: Int, _ height: Int, _ radius: Int, _ choose: (T, T) -> T) -> [T] {
  var across = values
  for y in 0..<height {
    for x in 0..<width {
      var value = values[y * width + x]
      for other in max(0, x - radius)...min(width - 1, x + radius) { value = choose(value, values[y * width + other]) }
      across[y * width + x] = value
    }
  }
  var result = across
  for y in 0..<height {
    for x in 0..<width {
      var value = across[y * width + x]
      for other in max(0, y - radius)...min(height - 1, y + radius) { value = choose(value, across[other * width + x]) }
      result[y * width + x] = value
    }
  }
  return result
}

/// What lies within a square of the given radius of something set.
func grown(_ set: [Bool], _ width: Int, _ height: Int, _ radius: Int) -> [Bool] {
  extremes(set.map { $0 ? 1 : 0 }, width, height, radius, max).map { $0 > 0 }
}

/// The set thinned to lines of one pixel that keep its shape, after Zhang and Suen, “A Fast Parallel Algorithm for
/// Thinning Digital Patterns”, 1984. What touches the picture's edge stays as broad as it is there.
func thinned(_ set: [Bool], _ width: Int, _ height: Int) -> [Bool] {
  var set = set
  // Clockwise from above.
  let around = [-width, -width + 1, 1, width + 1, width, width - 1, -1, -width - 1]
  var left = set.indices.filter { pixel in
    let (x, y) = (pixel % width, pixel / width)
    return set[pixel] && x > 0 && y > 0 && x < width - 1 && y < height - 1
  }
  var isChanged = true
  while isChanged {
    isChanged = false
    for pass in 0..<2 {
      let removed = left.filter { pixel in
        let p = around.map { set[pixel + $0] }
        let neighbours = p.reduce(0) { $0 + ($1 ? 1 : 0) }
        guard (2...6).contains(neighbours) else { return false }
        let turns = (0..<8).reduce(0) { $0 + (!p[$1] && p[($1 + 1) % 8] ? 1 : 0) }
        guard turns == 1 else { return false }
        return pass == 0
          ? !(p[0] && p[2] && p[4]) && !(p[2] && p[4] && p[6]) : !(p[0] && p[2] && p[6]) && !(p[0] && p[4] && p[6])
      }
      guard !removed.isEmpty else { continue }
      isChanged = true
      for pixel in removed { set[pixel] = false }
      left = left.filter { set[$0] }
    }
  }
  return set
}
