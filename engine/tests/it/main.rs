//! The whole engine: real SQLite files, real HTTP receivers, no sleeping. A module of the library (see `engine/src/lib.rs`).

mod activity;
mod alerts;
mod at_rest;
mod configuration;
mod connections;
mod contract;
mod data_folder;
mod delivery;
mod denylists;
mod files_missing;
mod google;
mod log;
mod log_filter;
mod log_range;
mod no_room;
mod poison;
mod refused;
mod replay;
mod replay_kinds;
mod s3;
mod settings;
mod stream_state;
mod testing;
mod world;
