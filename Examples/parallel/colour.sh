#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A shot on several machines without a scheduler, by GNU parallel: they share the folder, and ssh goes from here to each.
#
#   ./colour.sh                     eight parts, one after the other on this machine
#   ./colour.sh -S node1,node2      on two others
#   ./colour.sh --retries 3 ...     whatever else parallel takes
#
# Run it again, and what is missing is done.
set -euo pipefail
export COLORIZE=${COLORIZE:-colorize}
export FRAMES=${FRAMES:-cut/####.png} REFERENCE=${REFERENCE:-sheet.png} OUTPUT=${OUTPUT:-out/####.png}
export OPTIONS=${OPTIONS:-}
parts=${PARTS:-8}

# One job a machine: the program uses all its processors. A part that fails does not stop the others.
# shellcheck disable=SC2016
seq "$parts" | parallel --jobs 1 --halt never --joblog shot.joblog --workdir "$PWD" --env COLORIZE --env FRAMES \
  --env REFERENCE --env OUTPUT --env OPTIONS "$@" \
  '"$COLORIZE" shot "$FRAMES" --reference "$REFERENCE" --output "$OUTPUT" $OPTIONS --quiet --shard {}/'"$parts" || true

# shellcheck disable=SC2086
"$COLORIZE" shot "$FRAMES" --reference "$REFERENCE" --output "$OUTPUT" $OPTIONS --check --quiet \
  --contact-sheet "${OUTPUT%/*}/contact-sheet.png" --animation "${OUTPUT%/*}/animation.png"
