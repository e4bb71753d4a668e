//! The gate: no commit takes many more instructions than before without saying so.

use std::path::Path;

use anyhow::{Result, bail};

use super::{
    build,
    db::Database,
    fingerprint::Fingerprint,
    git::{self, Base, Commit, TRAILER},
    measure::{self, Program},
    record,
};

/// More instructions than this share of the base's must be declared.
const TOLERANCE: f64 = 0.03;

/// Compares the newest commit with its base.
///
/// # Errors
/// If something cannot be built or measured, or a workload takes too many instructions
/// and no commit declares it.
pub fn run(base: Option<&str>, database: &Path) -> Result<()> {
    let head = Commit::resolve("HEAD")?;
    let Some(base) = find_base(base, &head)? else {
        println!(
            "perf: {} has no commit before it here (a shallow clone?): nothing is compared",
            head.short()
        );
        return Ok(());
    };
    let Base {
        commit: base,
        reason,
    } = base;
    println!("perf: {} against {}, {reason}", head.short(), base.short());
    if git::is_modified()? {
        println!("perf: changes that no commit holds are not measured");
    }
    if !git::changes_code(&base, &head)? {
        println!("perf: no code has changed");
        return Ok(());
    }
    if !build::has_program(&base)? {
        println!(
            "perf: {} is older than the workloads: nothing is compared",
            base.short()
        );
        return Ok(());
    }
    let mut database = Database::open(database)?;
    let code = measure::guest_code()?;
    let machine = Fingerprint::here(&code)?;
    let mut count = |commit| {
        let program = Program::new(build::program(commit)?, &code)?;
        record::counts(&mut database, &machine, commit, &program)
    };
    let after = count(&head)?;
    let before = match count(&base) {
        Ok(before) => before,
        // That is mended here, or it would be this commit's error, too.
        Err(error) => {
            let base = base.short();
            println!("perf: {base} cannot be measured, nothing is compared: {error:#}");
            return Ok(());
        }
    };
    let declared = git::declarations(&base, &head)?;
    judge(&before, &after, &declared)
}

fn find_base(named: Option<&str>, head: &Commit) -> Result<Option<Base>> {
    match named {
        Some(named) => Ok(Some(Base {
            commit: Commit::resolve(named)?,
            reason: "as was asked for".to_owned(),
        })),
        None => git::base(head),
    }
}

/// Prints every change, and fails for those that should have been declared.
fn judge(
    before: &[(String, u64)],
    after: &[(String, u64)],
    declared: &[(String, String)],
) -> Result<()> {
    let mut undeclared = Vec::new();
    for (name, count) in after {
        let Some((_, old)) = before.iter().find(|(old, _)| old == name) else {
            println!("perf: {name}: new");
            continue;
        };
        let change = *count as f64 / *old as f64 - 1.0;
        let percent = format!("{:+.2} %", change * 100.0);
        let reason = declared.iter().find(|(declared, _)| declared == name);
        let remark = match (change > TOLERANCE, reason) {
            (false, _) => String::new(),
            (true, Some((_, reason))) => format!(", declared: {reason}"),
            (true, None) => {
                undeclared.push(format!("{name} {percent}"));
                ", not declared".to_owned()
            }
        };
        println!("perf: {name}: {old} -> {count} instructions, {percent}{remark}");
    }
    if undeclared.is_empty() {
        return Ok(());
    }
    bail!(
        "more than {} % more instructions: {}. If that is worth it, say why in the commit's \
         message, on a line of its own at the end: `{TRAILER}: WORKLOAD REASON`",
        TOLERANCE * 100.0,
        undeclared.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_declared_may_take_more() {
        let counts = |tlb, emit| vec![("tlb".to_owned(), tlb), ("emit".to_owned(), emit)];
        let before = counts(1000, 1000);
        let declared = [("tlb".to_owned(), "more checks".to_owned())];
        assert!(judge(&before, &counts(1029, 500), &[]).is_ok());
        let error = judge(&before, &counts(1031, 1000), &[]).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("tlb +3.10 %") && error.contains(TRAILER),
            "{error}"
        );
        assert!(judge(&before, &counts(1031, 1000), &declared).is_ok());
        assert!(judge(&before, &counts(1031, 1031), &declared).is_err());
        assert!(judge(&before[..1], &counts(1000, 9000), &[]).is_ok());
    }
}
