// SPDX-License-Identifier: Apache-2.0

import ColorizeTraining
import DiffusionTraining

/// Options of a training that were given and do nothing, in words.
struct TrainIdleNotes {
  /// One line each.
  let lines: [String]

  /// - Parameter plan: one that was found to be valid.
  init(
    _ learning: TrainRateOptions, _ pictures: TrainDataOptions, _ model: ModelOptions, _ plan: TrainingPlan
  ) {
    var notes = IdleNotes()
    let parts = plan.settings.parts
    for (flag, choice, part) in [
      ("--rank-foreground", learning.rankForeground, TrainedPart.foregroundLoRA),
      ("--rank-background", learning.rankBackground, .backgroundLoRA),
    ] {
      notes.add(
        [(flag, choice.rank != RankChoice.eight.rank && !parts.contains(part))],
        "these branches do not learn; say --parts \(part.rawValue)")
    }
    if parts == [.vae] {
      notes.add(
        [
          ("--drop", learning.drop != nil), ("--min-snr", learning.minSnr != nil),
          ("--offset-noise", learning.offsetNoise != 0), ("--times", learning.times != nil),
        ], "the autoencoder learns without noise and references")
    }
    notes.add([("--cache", pictures.cache != nil && pictures.cacheSize == 0)], "with --cache-size 0 nothing is kept")
    let held = Set(plan.heldOut)
    let count = plan.folder.pictures.count
    notes.add(
      [("--validation", pictures.validation > 0 && pictures.validation != 0.1 && held.isEmpty)],
      "of \(count) picture\(count == 1 ? "" : "s") that share is none")
    let hasOther = plan.folder.hasOtherReference(without: held)
    notes.add(
      [("--recolor", pictures.recolor != 0.5 && !hasOther.contains(false))],
      "each picture has another one of its folder as its reference")
    notes.add(
      [("--ground-weight", pictures.groundWeight != 0 && !hasOther.contains(true))],
      "each picture is its own reference; put those of one character into a folder of their own")
    notes.add(model.checkpoint.textFlags, "nothing learns from texts")
    lines = notes.lines
  }
}

extension TrainingFolder {
  /// Which pictures have another one of their group as a reference.
  ///
  /// - Parameter held: those that are held out, which are nobody's.
  fileprivate func hasOtherReference(without held: Set<Int>) -> [Bool] {
    pictures.indices.map { index in
      pictures.indices.contains {
        $0 != index && !held.contains($0) && pictures[$0].group != nil && pictures[$0].group == pictures[index].group
      }
    }
  }
}
