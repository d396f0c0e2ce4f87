struct Info {
  channels: u32,
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  kernel: u32,
  stride: u32,
  above: u32,
  left: u32,
  count: u32,
}
