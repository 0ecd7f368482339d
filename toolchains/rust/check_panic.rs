fn shovel() {
    panic!("the castle fell");
}

fn main() {
    shovel();
}
