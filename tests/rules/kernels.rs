//! Kernels by name.

use cairn::crypto::search::{Kernel, KernelError};

#[test]
fn kernels_are_known_by_their_names() {
    for kernel in Kernel::available() {
        assert_eq!(kernel.to_string().parse(), Ok(kernel));
    }
    assert_eq!("portable".parse::<Kernel>().unwrap(), *Kernel::available().last().unwrap());
}

#[test]
fn kernel_of_another_processor_is_not_to_be_had() {
    let foreign = if cfg!(target_arch = "x86_64") { "crypto-extensions" } else { "avx512" };
    assert_breaks!(foreign.parse::<Kernel>(), KernelError::Unavailable(foreign));
}

#[test]
fn unknown_name_is_answered_with_those_there_are() {
    let answer = "gpu".parse::<Kernel>();
    assert_eq!(
        answer.clone().unwrap_err().to_string(),
        "no kernel is called \"gpu\"; there are avx512, sha-extensions, avx2, crypto-extensions, portable"
    );
    assert_breaks!(answer, KernelError::Unknown("gpu".to_owned()));
}
