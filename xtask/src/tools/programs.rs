//! The programs that delivery is tested against: the user's own where there are some, else the distribution's packages.

use std::path::PathBuf;

use anyhow::{Result, bail};

use programs::{ALL, Program};

use super::apt;

/// The programs that were found, each with the variable that names it.
pub(crate) type Found = Vec<(&'static str, PathBuf)>;

/// Adds each program to `found`: what its variable names, one on PATH, the system's, or else the distribution's package.
///
/// # Errors
/// The programs that are still missing, and why they could not be installed. The others are in `found` all the same.
pub(crate) fn find_or_install(found: &mut Found) -> Result<()> {
    let missing: Vec<&Program> = ALL.iter().filter(|program| program.find().is_none()).collect();
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    let installed = match packages.is_empty() {
        true => Ok(()),
        false => apt::install(&packages),
    };
    found.extend(
        ALL.iter()
            .filter_map(|program| Some((program.variable, program.find()?))),
    );
    report(
        missing.into_iter().filter(|program| program.find().is_none()),
        installed,
    )
}

fn report<'a>(missing: impl Iterator<Item = &'a Program>, installed: Result<()>) -> Result<()> {
    let lines = missing.map(|program| {
        format!(
            "no {}: install one, or name it in {}",
            program.package, program.variable
        )
    });
    let lines: Vec<String> = lines.collect();
    match (lines.is_empty(), installed) {
        (true, _) => Ok(()),
        (false, Ok(())) => bail!("{}", lines.join("; ")),
        (false, Err(error)) => Err(error.context(lines.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn all_missing_programs_are_reported_together_with_the_reason() {
        let said =
            |missing: &[Program], installed| report(missing.iter(), installed).map_err(|error| format!("{error:#}"));
        assert_eq!(said(&ALL[..0], Err(anyhow!("no network"))), Ok(()), "all are there");
        let both = "no nginx: install one, or name it in AUDIT_STREAMS_NGINX; \
                    no tinyproxy-bin: install one, or name it in AUDIT_STREAMS_TINYPROXY";
        assert_eq!(said(&ALL[..2], Ok(())), Err(both.to_owned()));
        assert_eq!(
            said(&ALL[..2], Err(anyhow!("no network"))),
            Err(format!("{both}: no network"))
        );
    }
}
