// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation

/// A cut that is drawn by code, so that every pixel's colour is known: a figure walks and waves in front of a house while
/// the camera moves; a ball flies through, a hat is put on, and an arm goes behind the body.
struct ProceduralShot {
  /// Frames in the cut.
  let count: Int
  /// Pixels a side.
  let size: Int
  /// Which cut: colours, posture and pace differ.
  let seed: Int

  private struct Colors {
    let hair, skin, shirt, sleeve, skirt, shoe, hat, ball, sky, ground, wall, roof, door, eye: RGB
  }

  private var colors: Colors {
    let sets = [
      Colors(
        hair: RGB(90, 58, 150), skin: RGB(247, 214, 186), shirt: RGB(226, 74, 66), sleeve: RGB(250, 236, 200),
        skirt: RGB(44, 72, 140), shoe: RGB(120, 70, 40), hat: RGB(250, 200, 40), ball: RGB(60, 170, 90),
        sky: RGB(180, 220, 245), ground: RGB(150, 190, 110), wall: RGB(232, 220, 205), roof: RGB(170, 80, 70),
        door: RGB(110, 130, 150), eye: RGB(60, 130, 190)),
      Colors(
        hair: RGB(240, 190, 60), skin: RGB(220, 170, 130), shirt: RGB(70, 150, 130), sleeve: RGB(70, 150, 130),
        skirt: RGB(230, 225, 235), shoe: RGB(70, 60, 80), hat: RGB(200, 60, 110), ball: RGB(240, 130, 50),
        sky: RGB(250, 225, 190), ground: RGB(170, 150, 120), wall: RGB(190, 200, 220), roof: RGB(90, 100, 140),
        door: RGB(150, 90, 60), eye: RGB(80, 140, 70)),
      Colors(
        hair: RGB(60, 50, 60), skin: RGB(250, 224, 205), shirt: RGB(245, 245, 240), sleeve: RGB(120, 160, 220),
        skirt: RGB(150, 50, 80), shoe: RGB(40, 90, 90), hat: RGB(90, 140, 60), ball: RGB(220, 60, 160),
        sky: RGB(70, 90, 150), ground: RGB(90, 110, 90), wall: RGB(210, 180, 140), roof: RGB(60, 70, 80),
        door: RGB(200, 110, 70), eye: RGB(160, 90, 60)),
    ]
    return sets[seed % sets.count]
  }

  /// One frame of the cut.
  func frame(_ index: Int) throws -> DrawnFrame {
    let time = Double(index) / Double(max(count - 1, 1))
    // The camera follows, comes nearer, and turns a little.
    let zoom = 1.05 - 0.25 * time
    let middle = Point(0.42 + 0.16 * time, 0.52 - 0.02 * time)
    let turn = 0.05 * sin(time * 5 + Double(seed))
    return try DrawnFrame(parts(time), size: size) { place in
      let d = (place - 0.5) * zoom
      return middle + Point(d.x * cos(turn) - d.y * sin(turn), d.x * sin(turn) + d.y * cos(turn))
    }
  }

  /// The model sheet: the figure as it stands, with all its colours, on its own scale.
  func reference() throws -> DrawnFrame {
    try DrawnFrame(parts(nil), size: size) { place in Point(0.5, 0.5) + (place - 0.5) * 0.95 }
  }

  /// The parts at a time of the cut, 0...1; nil for the model sheet.
  private func parts(_ time: Double?) -> [Part] {
    let c = colors
    let t = time ?? 0
    let step = time == nil ? 0 : sin(t * 2 * .pi * 2 + Double(seed))
    let wave = time == nil ? 0.25 : 0.5 + 0.5 * sin(t * 2 * .pi * 1.5 + 1)
    let x = time == nil ? 0.5 : 0.36 + 0.26 * t
    let bob = 0.012 * abs(step)
    let hip = Point(x, 0.62 - bob)
    let neck = Point(x + 0.012 * step, 0.44 - bob)
    let head = neck + Point(0.01 * step, -0.085)
    var parts: [Part] = []
    func add(_ name: String, _ color: RGB, _ shape: Shape) {
      parts.append(Part(name: name, color: color, shape: shape))
    }
    add("sky", c.sky, .polygon([Point(-2, -2), Point(3, -2), Point(3, 3), Point(-2, 3)]))
    add("ground", c.ground, .polygon([Point(-2, 0.78), Point(3, 0.74), Point(3, 3), Point(-2, 3)]))
    add("wall", c.wall, .polygon([Point(0.62, 0.42), Point(0.98, 0.42), Point(0.98, 0.765), Point(0.62, 0.77)]))
    add("roof", c.roof, .polygon([Point(0.57, 0.43), Point(0.8, 0.24), Point(1.03, 0.43)]))
    add("door", c.door, .polygon([Point(0.76, 0.58), Point(0.86, 0.58), Point(0.86, 0.767), Point(0.76, 0.768)]))
    add("window", c.sky, .ellipse(center: Point(0.69, 0.53), radii: Point(0.035, 0.045)))
    // The hair behind, and the arm that swings there.
    add(
      "hair behind", c.hair,
      .ellipse(center: head + Point(-0.015 * step, 0.045), radii: Point(0.092, 0.115), angle: 0.15 * step))
    let shoulder = Point(0.07, 0.03)
    func arm(_ name: String, side: Double, lift: Double) {
      let start = neck + Point(side * shoulder.x, shoulder.y)
      let angle = 0.25 + lift * 2.3
      let elbow = start + Point(side * 0.1 * sin(angle), 0.1 * cos(angle))
      let bend = angle + 0.5 * lift + 0.2
      let hand = elbow + Point(side * 0.095 * sin(bend), 0.095 * cos(bend))
      add("hand \(name)", c.skin, .ellipse(center: hand, radii: Point(0.026, 0.026)))
      add("forearm \(name)", c.skin, .limb(from: elbow, to: hand, width: 0.022, endWidth: 0.018))
      add("sleeve \(name)", c.sleeve, .limb(from: start, to: elbow, width: 0.034, endWidth: 0.036))
    }
    arm("behind", side: -1, lift: time == nil ? 0.15 : 0.12 - 0.25 * step)
    func leg(_ name: String, _ swing: Double) {
      let foot = hip + Point(0.03 * (name == "left" ? -1 : 1) + 0.075 * swing, 0.2 - 0.015 * abs(swing))
      add("shoe \(name)", c.shoe, .ellipse(center: foot + Point(0.014, 0.012), radii: Point(0.038, 0.022)))
      add(
        "leg \(name)", c.skin,
        .limb(from: hip + Point(name == "left" ? -0.03 : 0.03, 0.04), to: foot, width: 0.026, endWidth: 0.02))
    }
    leg("left", -step)
    leg("right", step)
    add(
      "skirt", c.skirt,
      .polygon([
        hip + Point(-0.055, -0.055), hip + Point(0.055, -0.055), hip + Point(0.105 + 0.02 * step, 0.075),
        hip + Point(-0.105 + 0.02 * step, 0.075),
      ]))
    add(
      "shirt", c.shirt,
      .polygon([
        neck + Point(-0.072, 0.005), neck + Point(0.072, 0.005), hip + Point(0.062, -0.045),
        hip + Point(-0.062, -0.045),
      ]))
    add("neck", c.skin, .limb(from: neck, to: head + Point(0, 0.05), width: 0.022, endWidth: 0.022))
    add("face", c.skin, .ellipse(center: head, radii: Point(0.07, 0.08), angle: 0.1 * step))
    for side in [-1.0, 1] {
      let eye = head + Point(side * 0.028 + 0.006 * step, 0.012)
      // It blinks.
      guard time == nil || abs(t - 0.55) > 0.04 else { continue }
      add("white \(side)", RGB(250, 250, 250), .ellipse(center: eye, radii: Point(0.019, 0.021)))
      add("iris \(side)", c.eye, .ellipse(center: eye + Point(0, 0.003), radii: Point(0.011, 0.014)))
    }
    add(
      "hair", c.hair,
      .polygon([
        head + Point(-0.078, 0.02), head + Point(-0.075, -0.06), head + Point(-0.03, -0.098),
        head + Point(0.035, -0.098),
        head + Point(0.077, -0.055), head + Point(0.078, 0.02), head + Point(0.045, -0.03),
        head + Point(0.01, -0.02 + 0.008 * step),
        head + Point(-0.04, -0.035),
      ]))
    // The hat is there from the middle of the cut on.
    if time == nil || t > 0.45 {
      let drop = time == nil ? 0 : max(0, 0.6 - t) * 0.8
      add("hat", c.hat, .ellipse(center: head + Point(0, -0.085 - drop), radii: Point(0.055, 0.05)))
      add("brim", c.hat, .ellipse(center: head + Point(0, -0.065 - drop), radii: Point(0.098, 0.018)))
    }
    arm("before", side: 1, lift: wave)
    if let time {
      if time < 0.5 {
        let fly = time / 0.5
        add(
          "ball", c.ball,
          .ellipse(center: Point(0.02 + 0.9 * fly, 0.62 - 0.42 * sin(fly * .pi)), radii: Point(0.045, 0.045)))
      }
    } else {
      add("ball", c.ball, .ellipse(center: Point(0.22, 0.72), radii: Point(0.045, 0.045)))
    }
    return parts
  }

}
