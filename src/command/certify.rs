//! Recorded sessions, judged: how good each is, and why.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::command::batch;
use crate::record::Kept;
use crate::report::certificate::Certificate;
use crate::session::Session;
use crate::session::Verified;

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
        match of(folder) {
            Ok((certificate, page)) => made.push((name, certificate, page)),
            Err(error) => bad.push((folder.as_path(), format!("{error:#}"))),
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

/// The certificate of a session, which is looked through first.
pub(super) fn of(folder: &Path) -> anyhow::Result<(Certificate, PathBuf)> {
    let verified = Session::open(folder)?.verify(|_| ())?;
    of_verified(folder, &verified)
}

/// The certificate of a session that was looked through, written into its folder, and its page.
pub(super) fn of_verified(folder: &Path, verified: &Verified) -> anyhow::Result<(Certificate, PathBuf)> {
    let session = Session::open(folder)?;
    let certificate = Certificate::of(&session, &Kept::load(&session)?, verified)?;
    let [_, page] = certificate.write(folder)?;
    Ok((certificate, page))
}
