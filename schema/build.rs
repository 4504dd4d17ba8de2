//! Makes cargo notice a new or changed migration, which is embedded at compile time.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
