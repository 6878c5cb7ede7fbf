//! The program: arguments, logging, and the command asked for.

use std::process::ExitCode;

use circumplex::command;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match command::run(command::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("circumplex: {error:#}");
            ExitCode::from(2)
        }
    }
}
