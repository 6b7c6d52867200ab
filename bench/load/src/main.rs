//! Reads a plan (see `plan.rs`) from its argument, carries it out, and prints what came of it as JSON.

use std::process::ExitCode;

use parlor_load::plan::Plan;
use parlor_load::run::run;

fn main() -> ExitCode {
    let outcome = std::env::args()
        .nth(1)
        .ok_or_else(|| "usage: parlor-load '{\"port\":…}'".to_owned())
        .and_then(|json| serde_json::from_str::<Plan>(&json).map_err(|error| error.to_string()))
        .and_then(|plan| run(&plan).map_err(|error| error.to_string()))
        .and_then(|outcome| serde_json::to_string(&outcome).map_err(|error| error.to_string()));
    match outcome {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
