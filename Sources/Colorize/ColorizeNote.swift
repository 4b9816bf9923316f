// SPDX-License-Identifier: Apache-2.0

/// Something about a request that its user may not have meant. The picture is made all the same.
public enum ColorizeNote: String, Sendable, Hashable, CaseIterable, Codable {
  /// No line was found in the sketch.
  case blankSketch
  /// The sketch looks like a painting or a photo.
  case paintingAsSketch
  /// The sketch's lines are so faint, or so thin at the working size, that the network hardly sees them.
  case faintLines
  /// Lines were faint or thin and were made visible.
  case strengthenedLines
  /// Whether lines are dark or light was guessed, and it might be the other way round.
  case uncertainPolarity
  /// The sketch looks like the two pages of an open book.
  case twoPages
  /// A reference is a line drawing, which has no colours to give.
  case lineArtReference
  /// A reference is of one colour all over: an empty sheet.
  case blankReference
  /// A reference has no colours but greys.
  case greyReference
  /// A reference is of a few pixels.
  case tinyReference
  /// The sketch looks like a painting, and the reference like a line drawing.
  case swappedPictures
  /// The sketch's mask has no figure.
  case emptySketchMask
  /// The sketch's mask is figure everywhere.
  case fullSketchMask
  /// The sketch's mask surrounds something instead of being it.
  case invertedSketchMask
  /// The reference's mask has no figure.
  case emptyReferenceMask
  /// The reference's mask is figure everywhere.
  case fullReferenceMask
  /// The reference's mask surrounds something instead of being it.
  case invertedReferenceMask
  /// The hints have no stroke: they are transparent all over.
  case emptyHints
  /// The sketch's transparency, asked for as a figure's, is that of lines on transparent paper.
  case alphaOfLines
  /// What the network predicts was guessed from the checkpoint's name.
  case guessedPrediction
  /// The model is made for one step, and more were asked for.
  case stepsBeyondModel
}

extension ColorizeNote: CustomStringConvertible {
  /// What it is, and what to do, with the names of the properties of this package.
  public var description: String {
    switch self {
    case .blankSketch: "no lines were found in the sketch; the colours will follow nothing"
    case .paintingAsSketch:
      "the sketch looks like a painting or a photo, and lines on plain paper are expected; use preparation .extracted, "
        + "which takes drawn lines out of their colours"
    case .faintLines:
      "the sketch's lines will hardly be visible to the network; use preparation .automatic, a larger size, or darker "
        + "lines"
    case .strengthenedLines:
      "the sketch's lines would hardly have been visible to the network, and were made stronger"
    case .uncertainPolarity:
      "whether the sketch's lines are dark or light was guessed, and may be wrong; set polarity"
    case .twoPages:
      "the sketch looks like two pages of a book; the whole is coloured as one drawing, so colour each page on its own"
    case .lineArtReference:
      "the reference looks like a line drawing, which has no colours to give; give a coloured picture"
    case .blankReference:
      "the reference is of one colour all over, as an empty sheet is; give a picture with the colours that are wanted"
    case .greyReference:
      "the reference has no colours but greys, and no others can come from it; give a coloured picture"
    case .tinyReference:
      "the reference is smaller than 16 pixels, which is too little to take colours from; give a larger picture"
    case .swappedPictures:
      "the sketch looks like a painting and the reference like a line drawing; they may have been given the wrong way round"
    case .emptySketchMask: "the sketch's mask has no figure: all of the picture is taken for background"
    case .fullSketchMask: "the sketch's mask is figure everywhere: nothing is left for the background"
    case .invertedSketchMask: "the sketch's mask looks inverted: white is to be figure, and black background"
    case .emptyReferenceMask: "the reference's mask has no figure: all of the reference is taken for background"
    case .fullReferenceMask: "the reference's mask is figure everywhere: no colours are left for the background"
    case .invertedReferenceMask: "the reference's mask looks inverted: white is to be figure, and black background"
    case .emptyHints: "the hints are transparent all over, and say nothing; give strokes of colour"
    case .alphaOfLines:
      "the sketch's transparency is that of lines on transparent paper and no figure's; it is no mask, and cuts nothing out"
    case .guessedPrediction:
      "what the network predicts was guessed from the checkpoint's name; give the prediction if the result is noise"
    case .stepsBeyondModel:
      "the model is made for one sampling step, and paints worse with more; leave steps as they are by default"
    }
  }
}

extension ColorizeRequest {
  /// What may not have been meant.
  ///
  /// - Parameter sketch: what was found in the sketch.
  func notes(on sketch: SketchReport, model: Model) -> [ColorizeNote] {
    var notes: [ColorizeNote] = []
    let looks = references.compactMap(\.look)
    let isSwapped = sketch.kind == .painting && looks.contains(.lineArt)
    switch sketch.kind {
    case .blank: notes.append(.blankSketch)
    case .painting: notes.append(isSwapped ? .swappedPictures : .paintingAsSketch)
    case .lines:
      // Where a line has a third of its strength, what is left of the picture follows it here and there only.
      if sketch.preparedVisibility < 0.35 {
        notes.append(.faintLines)
      } else if sketch.visibility < 0.35, sketch.steps.contains(.strengthenedLines) {
        notes.append(.strengthenedLines)
      }
      if sketch.polarityCertainty < 0.3 { notes.append(.uncertainPolarity) }
      if sketch.steps.contains(.leftOutGutter) { notes.append(.twoPages) }
    }
    if looks.contains(.lineArt), !isSwapped { notes.append(.lineArtReference) }
    if looks.contains(.blank) { notes.append(.blankReference) }
    if looks.contains(.grey) { notes.append(.greyReference) }
    if looks.contains(.tiny) { notes.append(.tinyReference) }
    if usesHints, let hints, !ColorHints.hasStrokes(hints) { notes.append(.emptyHints) }
    if settings.mode.needsSketchMask, let sketchMask {
      switch sketchMask.suspicion(threshold: settings.sketchThreshold) {
      case .empty: notes.append(.emptySketchMask)
      case .full: notes.append(.fullSketchMask)
      case .inverted: notes.append(.invertedSketchMask)
      case nil: break
      }
    }
    if settings.mode.needsBackground, let referenceMask, background == nil {
      switch referenceMask.suspicion(threshold: settings.referenceThreshold) {
      case .empty: notes.append(.emptyReferenceMask)
      case .full: notes.append(.fullReferenceMask)
      case .inverted: notes.append(.invertedReferenceMask)
      case nil: break
      }
    }
    if model.isPredictionGuessed { notes.append(.guessedPrediction) }
    if model.configuration.sampling.steps == 1, settings.steps > 1 { notes.append(.stepsBeyondModel) }
    return notes
  }
}
