//! What a strategy's file became and what is in it, for people.

use stratbox_domain::{ParamKind, ParamSpec};

use super::diagnostics;
use super::text::{grouped, inline, size};
use crate::build::{Blob, BuildReport, InspectReport};

pub(crate) fn build(report: &BuildReport) -> String {
    let mut text = diagnostics(&report.diagnostics);
    let compiled = if report.cached {
        "taken from the cache".to_owned()
    } else {
        format!("compiled in {:.2} s", report.compile_seconds)
    };
    text += &format!(
        "{} ({}): {compiled}, native code in {:.2} s\n",
        report.strategy, report.source, report.link_seconds
    );
    text += &blobs(&report.component, &report.artifact);
    if let Some(output) = &report.output {
        text += &format!("written     {output}\n");
    }
    text
}

pub(crate) fn inspect(report: &InspectReport) -> String {
    let manifest = &report.manifest;
    let mut text = format!("{} {}\n", inline(&manifest.name), inline(&manifest.version));
    if !manifest.description.is_empty() {
        text += &format!("{}\n", inline(&manifest.description));
    }
    text += "\nparameters\n";
    if manifest.parameters.is_empty() {
        text += "  none\n";
    }
    manifest.parameters.iter().for_each(|spec| text += &parameter(spec));
    text += &format!("\nsource      {}\n{}", report.source, blobs(&report.component, &report.artifact));
    let imports = if report.imports.is_empty() { "none".to_owned() } else { report.imports.join(", ") };
    text += &format!("imports     {}\n", inline(&imports));
    if let Some(data) = report.literals.filter(|data| data.is_suspicious) {
        text += &format!(
            "note        its source holds {} numbers and {} of literals: answers worked out beforehand look like this\n",
            grouped(data.numbers as u64),
            size(data.bytes_of_literals)
        );
    }
    text
}

fn blobs(component: &Blob, artifact: &Blob) -> String {
    let line = |name, blob: &Blob| format!("{name:<12}{}, {}\n", size(blob.bytes), blob.digest);
    line("component", component) + &line("artifact", artifact)
}

fn parameter(spec: &ParamSpec) -> String {
    let step = match &spec.kind {
        ParamKind::Integer { step, .. } => format!(", step {step}"),
        ParamKind::Number { step, .. } => format!(", step {step}"),
        ParamKind::Boolean { .. } | ParamKind::Choice { .. } => String::new(),
    };
    let (allowed, default) = (inline(&spec.kind.allowed()), inline(&spec.kind.default_value().to_string()));
    let (name, description) = (inline(&spec.name), inline(&spec.description));
    format!("  {name:<16}{allowed}{step}, default {default}\n  {:<16}{description}\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_shown_with_everything_one_needs_to_set_it() {
        let kind = ParamKind::Integer { min: 2, max: 200, step: 1, default: 10 };
        let spec = ParamSpec { name: "fast".into(), description: "bars in the fast average".into(), kind };
        let text = parameter(&spec);
        assert!(text.contains("fast            a whole number from 2 to 200, step 1, default 10"), "{text}");
        assert!(text.contains("bars in the fast average"), "{text}");
    }

    #[test]
    fn a_strategys_words_cannot_start_a_line() {
        let line = "\nimports     none";
        let choices = vec![line.to_owned()];
        let kind = ParamKind::Choice { choices, default: line.to_owned() };
        let spec = ParamSpec { name: line.to_owned(), description: line.to_owned(), kind };
        assert_eq!(parameter(&spec).lines().count(), 2);
        let blob = || Blob { digest: stratbox_domain::Digest::of(b""), bytes: 0 };
        let report = InspectReport {
            strategy: "s".to_owned(),
            source: "s.rs".to_owned(),
            manifest: stratbox_domain::Manifest {
                name: line.to_owned(),
                version: line.to_owned(),
                description: line.to_owned(),
                parameters: vec![spec],
            },
            component: blob(),
            artifact: blob(),
            imports: vec![line.to_owned()],
            shape: stratbox_intake::component::Shape::default(),
            literals: None,
            isolation: crate::wiring::Walls {
                compilers: "jailed",
                runs: "threads",
                quarantined: 0,
                wasi: false,
            },
        };
        let text = inspect(&report);
        assert_eq!(text.lines().filter(|line| line.starts_with("imports")).count(), 1, "{text}");
    }
}
