// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Tape {
  /// Notes a call that was carried out.
  func note(_ call: BackendCall, in state: inout State) {
    guard state.isRecording else {
      call.out.node?.noteWrite()
      return
    }
    let recording = state.recording
    let needs = zip(call.operands, call.operation.differentiableOperands(of: call.operands.count)).map {
      $1 && ($0?.node?.isTracked(in: recording) ?? false)
    }
    let isNeeded = needs.contains(true)
    guard let node = call.out.node else {
      precondition(!isNeeded, "\(call.member) computes into memory that the tape does not know")
      return
    }
    var target = node.state(in: recording)
    let wasTracked = target.isTracked || node.isVariable
    let overwrites =
      wasTracked && (node.isVariable || target.writes.contains { !$0.isDisjoint(from: call.out.view) })
    let isFirst = target.writes.isEmpty
    // A sum that goes on through the network is small beside what it took to make it, and derivatives need little of that.
    let isKeptSum = memory != .kept && isNeeded && isFirst && call.addsResidual
    if isFirst { beginPart(with: call.out, isKept: isKeptSum, in: &state) }
    if (isNeeded && !wasTracked && !isFirst) || isKeptSum { target.isKept = true }
    if isFirst { target.part = state.part } else { joinParts(from: target.part, in: &state) }
    target.isTracked = target.isTracked || isNeeded
    target.writes.append(call.out.view)

    let isRecomputing = memory != .kept
    if isNeeded || overwrites || (isRecomputing && wasTracked) {
      let keeps = call.operation.keptValues(needs: needs)
      // The versions are those before this call's write.
      let operands = zip(call.operands, keeps.operands).map { operand, isKept in
        operand.map { operand in
          TapeEntry.Place(
            operand, isKept: isRecomputing ? !isRecomputed(operand, state) : isKept)
        }
      }
      target.version += 1
      node.replaceState(target)
      let out = TapeEntry.Place(call.out, isKept: isRecomputing ? target.isKept : keeps.result)
      state.entries.append(
        TapeEntry(
          member: call.member, operation: call.operation, operands: operands, out: out, needs: needs, keeps: keeps,
          overwrites: overwrites, isFirst: isFirst, part: state.part))
    } else {
      target.version += 1
      node.replaceState(target)
    }
  }

  /// Whether an operand's value is made again with the part of the recording that is being recorded.
  private func isRecomputed(_ operand: Operand, _ state: State) -> Bool {
    guard let node = operand.node, !node.isVariable else { return false }
    let source = node.state(in: state.recording)
    return source.isTracked && !source.isKept && source.part >= state.part
  }

  /// Before a fresh buffer is written, the part of the recording may end. What is kept is not computed again with it.
  private func beginPart(with out: Operand, isKept: Bool, in state: inout State) {
    guard case .recomputed(let limit) = memory else { return }
    if state.partByteCount >= limit {
      state.part += 1
      state.partByteCount = 0
    }
    if !isKept { state.partByteCount += out.buffer.byteCount }
  }

  /// A buffer that is written in several parts makes one part of them.
  private func joinParts(from first: Int, in state: inout State) {
    guard first < state.part else { return }
    state.part = first
    for index in state.entries.indices.reversed() {
      guard state.entries[index].part > first else { break }
      state.entries[index].part = first
    }
  }
}

extension BackendCall {
  /// Whether the call is a product whose result is added to what came before.
  fileprivate var addsResidual: Bool {
    switch operation {
    case .linear, .convolution: operands.count == 4 && operands[3] != nil
    default: false
    }
  }
}
