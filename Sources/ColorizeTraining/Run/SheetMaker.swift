// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

/// Makes contact sheets of pictures held out: sketch, reference, what the model painted before, what it paints now, and the
/// truth, a row for each.
final class SheetMaker {
  private struct Row {
    let request: ColorizeRequest
    let sketch: Image
    let reference: Image
    let truth: Image
    var before: Image?
  }

  private static let rowCount = 6
  private var rows: [Row]
  private let plan: TrainingPlan
  private let backend: any Backend

  init(run: TrainingRun) throws {
    plan = run.plan
    backend = run.trainer.tape.base
    let shown = run.heldOut.isEmpty ? Array(run.plan.folder.pictures.indices) : run.heldOut
    rows = try shown.prefix(Self.rowCount).map { index in
      try Self.row(run.encoder.views.view(of: index, variant: 0), plan: run.plan)
    }
  }

  private static func row(_ view: TrainingView, plan: TrainingPlan) throws -> Row {
    func image(_ plane: Plane) throws -> Image {
      try Image(width: plane.width, height: plane.height, channels: plane.channels, floats: plane.values, range: .unit)
    }
    func mask(_ plane: Plane) throws -> Mask {
      try Mask(width: plane.width, height: plane.height, values: plane.values.map { min(max($0, 0), 1) })
    }
    let sketch = try Image(
      width: view.target.width, height: view.target.height, channels: 1, floats: view.lines.map { -$0 },
      range: .signed)
    let reference = try image(view.reference)
    var request = ColorizeRequest(
      sketch: sketch, reference: .image(reference), sampling: plan.model.configuration.sampling,
      finish: plan.model.configuration.finish)
    request.polarity = .darkOnLight
    request.size = max(view.target.width, view.target.height)
    request.checksMemory = false
    if plan.model.supports(.full), let own = view.mask, let other = view.referenceMask {
      request.mode = .full
      request.sketchMask = try mask(own)
      request.referenceMask = try mask(other)
    }
    return Row(request: request, sketch: sketch, reference: reference, truth: try image(view.target))
  }

  /// A sheet of what a model makes of them.
  func sheet(with model: Model) async throws -> Image {
    if rows.contains(where: { $0.before == nil }) {
      let colorizer = try await Colorizer(model: plan.model, backend: backend)
      for index in rows.indices { rows[index].before = try await colorizer.colorize(rows[index].request).image }
    }
    let colorizer = try await Colorizer(model: model, backend: backend)
    var strips: [Image] = []
    for row in rows {
      let now = try await colorizer.colorize(row.request).image
      strips.append(
        try Image.row(
          [row.sketch, row.reference] + [row.before].compactMap { $0 } + [now, row.truth], height: 256, gap: 6))
    }
    return try Image.column(strips, gap: 6)
  }
}
