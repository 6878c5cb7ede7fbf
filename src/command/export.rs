//! Recorded sessions, handed over in forms that others read.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;

use crate::command::batch;
use crate::record::Kept;
use crate::report::export;
use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Form;
use crate::report::export::Recorded;
use crate::report::export::Target;
use crate::session::Session;
#[cfg(feature = "desktop")]
use crate::ui;

#[derive(Debug, Args)]
pub(super) struct Request {
    /// The sessions' folders.
    #[arg(required = true, value_name = "DIR")]
    sessions: Vec<PathBuf>,
    /// The form.
    #[arg(long = "as", value_name = "FORM")]
    form: Wanted,
    /// The folder for the results, made if it isn't there; of several sessions, each has a folder in it, and the BIDS data set is
    /// one. Without it: the folder `export` in each session's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replaces results that are there.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Tables; sound and pictures too, if they were kept.
    Csv,
    /// The streams of a lab's network, in one file.
    Xdf,
    /// A BIDS data set.
    Bids,
    /// W3C's `EmotionML` 1.0.
    #[value(name = "emotionml")]
    EmotionMl,
    /// Everything.
    All,
}

impl Wanted {
    fn forms(self) -> Vec<Form> {
        match self {
            Self::Csv => vec![Form::Csv],
            Self::Xdf => vec![Form::Xdf],
            Self::Bids => vec![Form::Bids],
            Self::EmotionMl => vec![Form::EmotionMl],
            Self::All => Form::ALL.to_vec(),
        }
    }
}

pub(super) fn run(request: &Request) -> anyhow::Result<ExitCode> {
    let (forms, targets) = (request.form.forms(), targets(request));
    if !request.force {
        refuse_to_overwrite(request, &forms, &targets)?;
    }
    let bar = batch::steps(request.sessions.len() * forms.len());
    let (mut bad, mut written) = (Vec::new(), Vec::new());
    for (number, (folder, target)) in request.sessions.iter().zip(&targets).enumerate() {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        let mut begun = 0;
        let exported = one(folder, &forms, target, |form| {
            bar.set_position((number * forms.len() + begun) as u64);
            begun += 1;
            batch::tell(&bar, format!("{name}: {}", form.name()), number + 1, targets.len());
        });
        match exported {
            Ok(exported) => written.push((name, target, exported)),
            Err(error) => bad.push((folder.as_path(), format!("{error:#}"))),
        }
    }
    bar.finish_and_clear();
    for (name, target, exported) in &written {
        println!("{name}: {} files in {}", exported.files.len(), target.folder.display());
        for note in &exported.notes {
            println!("  {note}");
        }
    }
    println!("{} of {} sessions exported", written.len(), targets.len());
    Ok(batch::tell_failed("not exported", &bad))
}

/// All forms of one session, in the folder `export` in its own; where there is one already, in `export-2` and so on.
#[cfg(feature = "desktop")]
pub(super) fn beside(folder: &Path, tell: &mut dyn FnMut(f32)) -> Result<ui::Exported, String> {
    let names = std::iter::once("export".to_owned()).chain((2..).map(|number| format!("export-{number}")));
    let mut free = names.map(|name| folder.join(name)).filter(|path| !path.exists());
    let target = Target::new(&free.next().unwrap_or_else(|| folder.join("export")), false);
    let mut begun = 0.0;
    let exported = one(folder, &Form::ALL, &target, |_| {
        tell(begun / Form::ALL.len() as f32);
        begun += 1.0;
    });
    exported
        .map(|exported| ui::Exported { folder: target.folder, notes: exported.notes })
        .map_err(|error| format!("{error:#}"))
}

/// Before anything is begun.
fn refuse_to_overwrite(request: &Request, forms: &[Form], targets: &[Target]) -> Result<(), ExportError> {
    for (folder, target) in request.sessions.iter().zip(targets) {
        // What can't be read is said when its turn comes.
        let Ok(header) = Session::header_of(folder) else { continue };
        if let Some(path) = export::existing(&header, forms, target) {
            return Err(ExportError::exists(folder, path));
        }
    }
    Ok(())
}

fn one(folder: &Path, forms: &[Form], target: &Target, tell: impl FnMut(Form)) -> anyhow::Result<Exported> {
    let session = Session::open(folder)?;
    let kept = Kept::load(&session)?;
    Ok(export::write(&Recorded::new(&session, &kept)?, forms, target, tell)?)
}

/// Where each session's results go.
fn targets(request: &Request) -> Vec<Target> {
    let Some(out) = &request.out else {
        return request.sessions.iter().map(|session| Target::new(&session.join("export"), request.force)).collect();
    };
    if let [_] = request.sessions.as_slice() {
        return vec![Target::new(out, request.force)];
    }
    let names = batch::distinct_stems(&request.sessions);
    let target = |name: &String| Target { bids: out.join("bids"), ..Target::new(&out.join(name), request.force) };
    names.iter().map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_sessions_have_a_folder_each_and_share_the_data_set() {
        let request = |sessions: &[&str], out: Option<&str>| Request {
            sessions: sessions.iter().map(PathBuf::from).collect(),
            form: Wanted::All,
            out: out.map(PathBuf::from),
            force: false,
        };

        let each = targets(&request(&["a/one", "b/one"], Some("out")));
        assert_eq!(
            each.iter().map(|one| one.folder.clone()).collect::<Vec<_>>(),
            ["out/one", "out/one-2"].map(PathBuf::from)
        );
        assert!(each.iter().all(|one| one.bids == Path::new("out/bids")));
        let own = targets(&request(&["a/one"], None));
        assert_eq!(own[0].folder, Path::new("a/one/export"));
        assert_eq!(targets(&request(&["a/one"], Some("out")))[0].folder, Path::new("out"));
    }
}
