let groups = info.inputs / info.group;
  for (var g = 0u; g < groups; g++) {
    {{scales}}
    let end = (g + 1u) * info.group / 4u;
    for (var k = g * info.group / 4u; k < end; k++) {
      {{products}}
    }
  }
