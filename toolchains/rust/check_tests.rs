#[test]
fn adds() {
    assert_eq!(2 + 2, 4);
}
