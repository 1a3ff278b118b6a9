//! The architecture rules that no compiler lint can hold, one a file. Each rule is a function of a file's path and text,
//! or of cargo's own account of the workspace, and returns what breaks it.

mod app_place;
mod crate_graph;
mod engine_surface;
mod file_length;
mod http_client_place;
mod import_cycles;
mod import_scan;
mod kind_place;
mod machine_traces;
mod plain_words;
mod proofs;
mod source;
mod sql_place;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::steps::Ending;
use source::Source;

/// Checks every file of the project, tracked or about to be, and the crate graph. Lists all findings, then fails.
pub(crate) fn run(project: &Project) -> Result<Ending> {
    let sources = source::all(project)?;
    let mut findings: Vec<String> = sources.iter().flat_map(findings_in).collect();
    findings.extend(import_cycles::check(&sources));
    findings.extend(proofs::check(&sources));
    findings.extend(crate_graph::check(project)?);
    for finding in &findings {
        println!("    {finding}");
    }
    if !findings.is_empty() {
        bail!("{} breaches of the architecture's rules", findings.len());
    }
    println!("    {} files keep the rules", sources.len());
    Ok(Ending::Done)
}

fn findings_in(source: &Source) -> Vec<String> {
    let mut findings = file_length::check(source);
    findings.extend(app_place::check(source));
    findings.extend(sql_place::check(source));
    findings.extend(engine_surface::check(source));
    findings.extend(http_client_place::check(source));
    findings.extend(machine_traces::check(source));
    findings.extend(kind_place::check(source));
    findings.extend(plain_words::check(source));
    findings
}
