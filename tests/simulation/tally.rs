//! How much happened, summed over schedules.

use std::fmt;
use std::ops::AddAssign;

macro_rules! tally {
    ($($field:ident),* $(,)?) => {
        /// Counts.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Tally { $(pub $field: u64),* }

        impl AddAssign for Tally {
            fn add_assign(&mut self, other: Self) { $(self.$field += other.$field;)* }
        }

        impl fmt::Display for Tally {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let fields = [$((stringify!($field), self.$field)),*];
                for (index, (name, count)) in fields.into_iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{} {count}", name.replace('_', " "))?;
                }
                Ok(())
            }
        }
    };
}

tally!(
    schedules,
    events,
    clients,
    sends,
    acknowledged,
    posts,
    outside_frames,
    welcomes,
    resumed,
    cuts,
    half_open,
    crashes,
    panics,
    refused_writes,
    failed_reads,
    evictions,
    clock_jumps,
    trims,
    wipes,
    losses,
    relays,
    sent_on,
    lines,
    taken_up,
    cut_off,
    pieces,
    moderated,
    orders,
    clears,
    removed,
    silenced,
    unheard,
);
