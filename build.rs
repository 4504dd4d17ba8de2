//! Makes cargo notice a web console that is built later. It never builds the console itself: that needs Node and the network.
fn main() -> std::io::Result<()> {
    let console = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");
    std::fs::create_dir_all(console)?;
    println!("cargo:rerun-if-changed={console}");
    Ok(())
}
