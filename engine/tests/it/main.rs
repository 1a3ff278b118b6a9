//! The engine from outside: real SQLite files, real HTTP receivers, no sleeping.

mod delivery;
mod log;
mod receiver;
mod world;
