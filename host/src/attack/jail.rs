//! The walls around compilers and runs, each tried from inside.

use std::time::Instant;

use stratbox_jail::{Failure, Jailer, Program, Proof};

use super::verdict::{Class, Verdict};
use crate::render::text::inline;
use crate::walls::try_walls;

const EXPECTED: &str = "nothing gained";
/// What a proof says of its controls: what a jailed process must be able to do is no attack.
const CONTROL: &str = "it succeeded, as it must";

/// Every wall of both kinds of jails. Where there is no jail that is one case, which does not hold.
pub(super) fn survey(jailer: &Jailer, program: &Program) -> Vec<Verdict> {
    let started = Instant::now();
    let tried = try_walls(jailer, program);
    let seconds = started.elapsed().as_secs_f64();
    let jails = [("worker_jail", &tried.survey.proof), ("tool_jail", &tried.tool)];
    let mut verdicts: Vec<Verdict> =
        jails.into_iter().flat_map(|(jail, proof)| verdicts(jail, proof)).collect();
    // They are tried together.
    verdicts.iter_mut().for_each(|verdict| verdict.seconds = seconds);
    verdicts
}

fn verdicts(jail: &str, proof: &Result<Proof, Failure>) -> Vec<Verdict> {
    let untried = |name| Verdict::untried(name, Class::Jail, EXPECTED.to_owned());
    match proof {
        Err(failure) => {
            let evidence = inline(&failure.to_string());
            vec![Verdict { came_of_it: "no jail".to_owned(), evidence, ..untried(jail.to_owned()) }]
        }
        Ok(proof) => proof
            .walls
            .iter()
            .filter(|wall| wall.evidence != CONTROL)
            .map(|wall| Verdict {
                held: wall.held,
                came_of_it: if wall.held { EXPECTED } else { "the wall does not stand" }.to_owned(),
                evidence: format!("{}: {}", inline(&wall.name), inline(&wall.evidence)),
                ..untried(name(jail, &wall.name))
            })
            .collect(),
    }
}

/// A wall's name as a case's: `worker_jail_opening_a_socket_ipv4`.
fn name(jail: &str, wall: &str) -> String {
    let plain = wall.replace("`/`", "root").to_ascii_lowercase();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(jail).chain(words).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use stratbox_jail::Wall;

    use super::*;

    #[test]
    fn walls_have_names_like_other_cases() {
        for (wall, expected) in [
            ("opening a socket (IPv4)", "worker_jail_opening_a_socket_ipv4"),
            ("landlock: reading `/`", "worker_jail_landlock_reading_root"),
            ("creating a file in `/tmp`", "worker_jail_creating_a_file_in_tmp"),
            ("RLIMIT_AS", "worker_jail_rlimit_as"),
        ] {
            assert_eq!(name("worker_jail", wall), expected);
        }
    }

    #[test]
    fn a_machine_without_a_jail_is_a_case_that_does_not_hold() {
        let missing = Failure::Unsupported { missing: "landlock".to_owned(), detail: "no".to_owned() };
        let verdicts = verdicts("tool_jail", &Err(missing));
        assert_eq!((verdicts.len(), verdicts[0].held, verdicts[0].name.as_str()), (1, false, "tool_jail"));
        assert!(verdicts[0].evidence.contains("landlock is missing"), "{}", verdicts[0].evidence);
    }

    #[test]
    fn what_a_jailed_process_must_be_able_to_do_is_no_attack() {
        let wall = |evidence: &str| Wall { name: "a".to_owned(), held: true, evidence: evidence.to_owned() };
        let proof = Proof { walls: vec![wall(CONTROL), wall("permission denied")], landlock_abi: None };
        assert_eq!(verdicts("tool_jail", &Ok(proof)).len(), 1);
    }

    #[test]
    fn a_wall_that_does_not_stand_is_a_case_that_does_not_hold() {
        let wall = |held| Wall { name: "seccomp".to_owned(), held, evidence: "turned off".to_owned() };
        let proof = Proof { walls: vec![wall(true), wall(false)], landlock_abi: None };
        let held: Vec<bool> =
            verdicts("worker_jail", &Ok(proof)).iter().map(|verdict| verdict.held).collect();
        assert_eq!(held, [true, false]);
    }
}
