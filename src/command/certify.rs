//! Recorded sessions, judged: how good each is, and why.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::command::batch;
use crate::report::certificate;

#[derive(Debug, Args)]
#[group(id = "certify")]
pub(super) struct Request {
    /// The sessions' folders.
    #[arg(required = true, value_name = "DIR")]
    sessions: Vec<PathBuf>,
}

/// Writes the certificates, in the place of older ones; ends with 0 whatever their colours are.
pub(super) fn run(request: &Request) -> ExitCode {
    let (count, bar) = (request.sessions.len(), batch::steps(request.sessions.len()));
    let (mut bad, mut made) = (Vec::new(), Vec::new());
    for (number, folder) in request.sessions.iter().enumerate() {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        bar.set_position(number as u64);
        batch::tell(&bar, name.clone(), number + 1, count);
        match certificate::certify(folder) {
            Ok((certificate, [_, page])) => made.push((name, certificate, page)),
            Err(error) => bad.push((folder.as_path(), error.to_string())),
        }
    }
    bar.finish_and_clear();
    for (name, certificate, page) in &made {
        println!("{name}: {} ({:.1} s)", certificate.colour, certificate.duration_s);
        for reason in &certificate.reasons {
            println!("  {reason}");
        }
        println!("  {}", page.display());
    }
    batch::tell_failed("not certified", &bad)
}
