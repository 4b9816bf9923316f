#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A shot on real schedulers, on this machine: Slurm with two nodes, one of which is killed in the middle; an Open Job
# Description template; GNU parallel. What each of them makes must be what one process makes, to the byte.
#
#   Tests/farm.sh [slurm] [openjd] [parallel]
#
# It installs nothing. On Debian: apt-get install slurm-wlm munge parallel, and pip install openjd-cli.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
colorize=${COLORIZE:-$root/.build/release/colorize}
frames=${COUNT:-48}
unset FRAMES REFERENCE OUTPUT
[ $# -gt 0 ] || set -- slurm openjd parallel

missing=()
need() { for name in "$@"; do command -v "$name" > /dev/null || missing+=("$name"); done; }
for part in "$@"; do
  case $part in
    slurm) need slurmctld slurmd sbatch munged ;;
    openjd) need openjd ;;
    parallel) need parallel ;;
    *) echo "farm.sh: $part is none of slurm, openjd, parallel" >&2; exit 2 ;;
  esac
done
[ -x "$colorize" ] || { echo "farm.sh: there is no $colorize; swift build -c release makes it" >&2; exit 2; }
if [ ${#missing[@]} -gt 0 ]; then
  echo "farm.sh: not installed: ${missing[*]} (apt-get install slurm-wlm munge parallel; pip install openjd-cli)" >&2
  exit 2
fi

work=$(mktemp -d)
pids=()
finish() {
  local status=$?
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  [ $status = 0 ] || { tail -n 30 "$work"/*.log "$work"/slurm/*.log "$work"/*/colour-*.log 2> /dev/null || true; }
  sleep 1
  rm -rf "$work"
  exit $status
}
trap finish EXIT

# The built-in drawings, and what one process makes of them.
"$colorize" demo -o "$work/demo" --quiet > /dev/null
mkdir "$work/one"
cd "$work/one"
mkdir cut
cp ../demo/lion-reference.png sheet.png
# As many drawings as frames: the same one at different sizes.
for number in $(seq "$frames"); do
  "$colorize" sketch ../demo/lion-sketch.png "cut/$(printf %04d $((100 + number))).png" --size $((256 + number)) --quiet
done
options="--size 256"
shot() { "$colorize" shot 'cut/####.png' --reference sheet.png --output 'out/####.png' $options "$@"; }
echo "== one process: $frames frames"
time shot --quiet
(cd out && sha256sum ./*.png) > "$work/expected"

# A copy without results.
fresh() {
  mkdir "$work/$1"
  cp -r "$work/one/cut" "$work/one/sheet.png" "$work/$1"
  cd "$work/$1"
}
compare() {
  (cd out && sha256sum --quiet -c "$work/expected") || { echo "farm.sh: $1: results differ" >&2; exit 1; }
  echo "== $1: all $frames frames are those of one process"
}

slurm() {
  fresh slurm-shot
  cp "$root"/Examples/slurm/* .
  local etc=$work/slurm
  mkdir -p "$etc"/{state,spool-n1,spool-n2}
  # A munge of our own, with a key and a socket in this folder.
  dd if=/dev/urandom of="$etc/munge.key" bs=1024 count=1 status=none
  chmod 600 "$etc/munge.key"
  chmod 755 "$work"
  munged --force --foreground --key-file="$etc/munge.key" --socket="$etc/munge.socket" --pid-file="$etc/munged.pid" \
    --log-file="$etc/munged.log" --seed-file="$etc/munged.seed" > "$etc/munged-out.log" 2>&1 &
  pids+=($!)
  local name port
  name=$(hostname -s)
  port=$((20000 + RANDOM % 10000))
  cat > "$etc/slurm.conf" <<CONF
ClusterName=farm
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$etc/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$etc/state
SlurmdSpoolDir=$etc/spool-%n
SlurmctldPidFile=$etc/slurmctld.pid
SlurmdPidFile=$etc/slurmd-%n.pid
SlurmctldLogFile=$etc/slurmctld.log
SlurmdLogFile=$etc/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=10
JobRequeue=1
SchedulerParameters=sched_interval=2,bf_interval=5
NodeName=n1 NodeHostname=$name NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname=$name NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1 RealMemory=1000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$etc/slurm.conf
  sleep 1
  slurmctld -D > "$etc/slurmctld-out.log" 2>&1 &
  pids+=($!)
  sleep 2
  slurmd -D -N n1 > "$etc/n1.log" 2>&1 &
  local first=$!
  slurmd -D -N n2 > "$etc/n2.log" 2>&1 &
  pids+=($first $!)
  for _ in $(seq 30); do
    [ "$(sinfo -h -o %T -N | sort -u)" = idle ] && break
    sleep 1
  done
  sinfo -N

  export COLORIZE=$colorize PARTS=4 OPTIONS=$options
  local array
  array=$(sbatch --parsable --array=1-4 --cpus-per-task=1 --time=00:10:00 colour.sbatch)
  local last
  last=$(sbatch --parsable --dependency=afterany:"$array" finish.sbatch)
  # In the middle of a frame of the first node it dies, with all that runs on it.
  for _ in $(seq 60); do
    [ "$(ls out/*.png 2> /dev/null | wc -l)" -ge 6 ] && break
    sleep 0.5
  done
  echo "-- killing node n1 with $(ls out/*.png | wc -l) frames finished"
  squeue -h -o '%i %T %N'
  kill_node n1 "$first"
  local status=timeout
  for _ in $(seq 240); do
    if ! squeue -h | grep -q .; then status=done; break; fi
    sleep 1
  done
  squeue
  [ $status = done ] || { echo "farm.sh: slurm: the jobs did not end" >&2; exit 1; }
  grep -ciE 'requeue' "$etc/slurmctld.log" > /dev/null || { echo "farm.sh: slurm: nothing was queued again" >&2; exit 1; }
  grep -iE 'requeu|not responding|DOWN' "$etc/slurmctld.log" | tail -n 5
  cat "finish-$last.log"
  [ -s out/contact-sheet.png ] && [ -s out/animation.png ] || { echo "farm.sh: slurm: no contact sheet" >&2; exit 1; }
  compare "slurm, a node killed"
  slurm_signals
}

# What a task does when its time is nearly up (SIGUSR1), and when it is cancelled (SIGTERM), on the node that is left.
slurm_signals() {
  fresh slurm-signals
  cp "$root"/Examples/slurm/* .
  local job status=timeout
  job=$(PARTS=1 sbatch --parsable --array=1-1 --cpus-per-task=1 --time=00:10:00 colour.sbatch)
  await_frames 4
  echo "-- SIGUSR1 with $(ls out/*.png | wc -l) frames finished"
  scancel --batch --signal=USR1 "${job}_1"
  # It is queued again, for a while in which it may not start.
  for _ in $(seq 60); do
    [ "$(scontrol show job "${job}_1" | grep -o 'Restarts=[0-9]*')" = Restarts=1 ] && break
    sleep 0.5
  done
  scontrol show job "${job}_1" | grep -oE 'JobState=[A-Z]*|Restarts=[0-9]*'
  scontrol update JobId="${job}_1" StartTime=now
  await_frames $(($(ls out/*.png | wc -l) + 4))
  echo "-- SIGTERM with $(ls out/*.png | wc -l) frames finished"
  scancel --batch --signal=TERM "${job}_1"
  for _ in $(seq 60); do
    if ! squeue -h | grep -q .; then status=done; break; fi
    sleep 1
  done
  [ $status = done ] || { echo "farm.sh: slurm: SIGTERM did not end the task, or queued it again" >&2; exit 1; }
  [ "$(ls out/*.png | wc -l)" -lt "$frames" ] || { echo "farm.sh: slurm: the task went on" >&2; exit 1; }
  if ls out/*.tmp > /dev/null 2>&1; then echo "farm.sh: slurm: a half-written file" >&2; exit 1; fi
  shot --quiet
  compare "slurm, told to stop and queued again, then cancelled, then finished by hand"
}

# Waits until so many frames are there.
await_frames() {
  for _ in $(seq 360); do
    [ "$(ls out/*.png 2> /dev/null | wc -l)" -ge "$1" ] && return
    sleep 0.25
  done
  echo "farm.sh: slurm: fewer than $1 frames in 90 s" >&2
  exit 1
}

# Ends a node as a power failure does: its daemon, what watches its jobs, and the jobs.
kill_node() {
  local pid
  kill -9 "$2"
  for pid in $(grep -lzs "^SLURMD_NODENAME=$1\$" /proc/[0-9]*/environ | cut -d/ -f3); do
    grep -qzs "^SLURM_CONF=$SLURM_CONF\$" "/proc/$pid/environ" || grep -qzs "^SLURM_SUBMIT_DIR=$work" "/proc/$pid/environ" \
      || continue
    local parent
    parent=$(awk '{ print $4 }' "/proc/$pid/stat" 2> /dev/null) || continue
    if grep -qs slurmstepd "/proc/$parent/comm"; then kill -9 "$parent" 2> /dev/null || true; fi
    kill -9 "$pid" 2> /dev/null || true
  done
}

openjd_() {
  fresh openjd-shot
  openjd run "$root/Examples/openjd/shot.yaml" --extensions TASK_CHUNKING --step Finish --run-dependencies -p Folder="$PWD" \
    -p Range="101-$((100 + frames))" -p FramesPerTask=20 -p Colorize="$colorize" -p Options="$options" > "$work/openjd.log" 2>&1 \
    || { echo "farm.sh: openjd failed" >&2; exit 1; }
  grep -q 'openjd_progress: 100' "$work/openjd.log" || { echo "farm.sh: openjd: no progress" >&2; exit 1; }
  grep -c 'openjd_status' "$work/openjd.log"
  compare "openjd, $(((frames + 19) / 20)) chunks"
  # A frame that cannot be read fails its chunk, in the format's words.
  echo broken > cut/0101.png
  if openjd run "$root/Examples/openjd/shot.yaml" --extensions TASK_CHUNKING --step Colour -p Folder="$PWD" -p Range=101-102 \
    -p Colorize="$colorize" -p Options="$options" > "$work/openjd-failure.log" 2>&1; then
    echo "farm.sh: openjd: a broken frame did not fail" >&2
    exit 1
  fi
  grep 'openjd_fail: 1 of 2 frames failed: 0101' "$work/openjd-failure.log"
}

parallel_() {
  fresh parallel-shot
  COLORIZE=$colorize OPTIONS=$options PARTS=4 "$root/Examples/parallel/colour.sh" > "$work/parallel.log" 2>&1
  cat shot.joblog
  compare "GNU parallel, 4 parts"
}

for part in "$@"; do
  case $part in
    slurm) slurm ;;
    openjd) openjd_ ;;
    parallel) parallel_ ;;
  esac
done
echo "farm.sh: $* passed"
