//! Every planted bug must be caught within a stated number of seeds.

use std::process::ExitCode;

use parlor::planted::{Bug, plant};

use crate::play_safely;
use crate::story::Story;
use crate::world::Pasts;

/// Seeds within which each bug must be caught.
const SEEDS_MAX: u64 = 2_000;

fn bugs() -> impl Iterator<Item = Bug> {
    Bug::ALL.into_iter().chain(Bug::OF_FAN_OUT).chain(Bug::OF_RELAYS).chain(Bug::OF_ORDER)
}

/// Puts the bug of that name into the rooms of this thread, or takes it out.
pub fn put_in(name: Option<&str>) -> Result<(), String> {
    let bug = name.map(|name| {
        let bug = bugs().find(|bug| format!("{bug:?}") == name);
        bug.ok_or_else(|| format!("no such bug: {name}; there are {:?}", bugs().collect::<Vec<_>>()))
    });
    plant(bug.transpose()?);
    Ok(())
}

/// Tries each bug; says with which seed it was caught, and by which promise.
pub fn test() -> ExitCode {
    let pasts = Pasts::new();
    let mut outcome = ExitCode::SUCCESS;
    for bug in bugs() {
        plant(Some(bug));
        let caught = (0..SEEDS_MAX).find_map(|seed| {
            play_safely(seed, &pasts, Story::default()).violation.map(|violation| (seed, violation))
        });
        match caught {
            Some((seed, violation)) => println!("{bug:?}: caught by seed {seed}: {}", violation.promise),
            None => {
                println!("{bug:?}: NOT CAUGHT within {SEEDS_MAX} seeds");
                outcome = ExitCode::FAILURE;
            }
        }
    }
    plant(None);
    outcome
}
