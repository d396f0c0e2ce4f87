//! A GPU that computes the first inference right and every later one wrong is found out by the self-test.

mod common;

use gamma_wasm::ops;
use gamma_webgpu::faults;
use pollster::block_on;

#[test]
fn an_adapter_that_goes_wrong_later_fails_the_self_test() {
    if !common::gpu() {
        return;
    }
    let device = ops::gpu_device();
    let before = faults::launches();
    block_on(ops::self_test(&device)).expect("the adapter is right");
    let launches = faults::launches() - before;
    // Half of the launches are those of the first round: all that came before the fault was right.
    for first_wrong in [launches / 2, launches / 2 + 1, launches - 1] {
        faults::fail_from(faults::launches() + first_wrong);
        let error = block_on(ops::self_test(&device)).expect_err("a wrong launch is seen");
        assert_eq!(error.code(), "device", "{error}");
        faults::fail_from(u64::MAX);
    }
    block_on(ops::self_test(&device)).expect("and it was the launches alone");
}
