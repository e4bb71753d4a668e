//! Random programs, compared with what Spike made of them.

#[test]
fn random_programs_do_what_they_do_on_spike() {
    let sequences = xtask::fuzz::golden::replay().unwrap();
    assert!(sequences >= 400, "{sequences}");
}
