let length = (info.inputs + 3u) / 4u;
  for (var k = 0u; k < length; k++) {
    {{products}}
  }
