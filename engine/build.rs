//! Makes cargo compile the migrations again when they change: they are embedded by `sqlx::migrate!`.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
