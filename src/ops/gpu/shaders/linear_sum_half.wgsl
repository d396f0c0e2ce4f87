// Codes in units of the largest: no sum of RUN products of numbers below LARGEST leaves half precision.
let groups = info.inputs / info.group;
  for (var g = 0u; g < groups; g++) {
    {{scales}}
    {{quads}}
    let end = (g + 1u) * info.group / 4u;
    for (var k = g * info.group / 4u; k < end;) {
      {{zeros}}
      for (let stop = min(k + RUN / 4u, end); k < stop; k++) {
        {{products}}
      }
      {{flush}}
    }
  }
