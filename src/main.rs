//! The program: arguments, logging, and the command asked for.

use std::process::ExitCode;

use circumplex::command;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    stay_offline();
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

/// ONNX Runtime would count its uses, keep them in the home folder and send them to its maker, unless this says not to: what
/// can be set on its environment comes too late for that.
#[expect(unsafe_code, reason = "the process's variables can be set in no other way")]
fn stay_offline() {
    // SAFETY: no other thread has been started yet that could read them meanwhile.
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}
