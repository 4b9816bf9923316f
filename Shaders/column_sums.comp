#version 450
#extension GL_GOOGLE_include_directive : require
// out [batch, runs, columns] = the sums of runs of rows of x [batch, rows, columns], of f32 without gaps. An invocation
// has a column of a run; a second dispatch sums the runs in order, so that the result is always the same.
#include "storage.glsl"

layout(local_size_x = 64) in;
SOURCE(x, 1)
#include "arguments/column_sums.glsl"

void main() {
  uint column = gl_GlobalInvocationID.x;
  if (column >= push.columns) return;
  uint first = gl_WorkGroupID.y * push.rowsPerRun;
  uint end = min(first + push.rowsPerRun, push.rows);
  uint start = push.xOffset + gl_WorkGroupID.z * push.rows * push.columns + column;
  float sum = 0.0;
  for (uint row = first; row < end; ++row) sum += x_at(start + row * push.columns, TYPE_F32);
  uint target = push.outOffset + (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * push.columns + column;
  store(target, sum, TYPE_F32);
}
