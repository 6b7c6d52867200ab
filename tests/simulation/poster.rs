//! Somebody who publishes over HTTP, one message at a time, and repeats each with its `id` until it is
//! answered.

use std::collections::VecDeque;

use parlor::room::Post;

use crate::court::Kind;
use crate::network::{Answer, Down, LinkId, Owner, Up};
use crate::stage::{Due, Stage};
use crate::wire::print_of;

const ANSWER_MS_MAX: u64 = 10_000;
const RETRY_MS: u64 = 1_000;

/// The poster.
#[derive(Default)]
pub struct Poster {
    waiting: VecDeque<Post>,
    link: Option<LinkId>,
    alarm: u32,
    posted_ms: u64,
    /// Prints of the texts that were answered with success, their seqs, and of the epochs that these are in.
    pub done: Vec<(u64, u64, u64)>,
    /// Prints of all texts.
    pub said: Vec<u64>,
}

impl Poster {
    /// Whether nothing is left to publish.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Publishes something.
    pub fn post(&mut self, stage: &mut Stage) {
        let count = self.said.len();
        let text = format!("posted {count}");
        self.said.push(print_of(&[text.as_bytes()]));
        stage.tally.posts += 1;
        self.waiting.push_back(Post { id: format!("0-{count}"), name: "Bot".to_owned(), text });
        if self.waiting.len() == 1 {
            self.send(stage);
        }
    }

    /// Takes in what came on a link.
    pub fn receive(&mut self, link: LinkId, item: &Down, stage: &mut Stage) {
        if self.link != Some(link) {
            return;
        }
        self.link = None;
        match item {
            Down::Answer(Answer { status: 200 | 201, message: Some(message), epoch, .. }) => {
                let asked = self.waiting.pop_front().map(|post| print_of(&[post.text.as_bytes()]));
                stage.note(|| format!("the poster is answered: message {}", message.seq));
                let is_same = message.print.is_gone() || asked == Some(message.print.said);
                stage
                    .promise(is_same, "an answer is what was said", || format!("the poster got {message:?}"));
                self.done.extend(asked.map(|said| (said, message.seq, *epoch)));
                self.send(stage);
            }
            Down::Answer(Answer { status: 403, code, .. }) if self.is_silenced(code, stage) => {
                stage.tally.silenced += 1;
                self.waiting.pop_front();
                self.send(stage);
            }
            Down::Answer(Answer { status: 429 | 500.., .. }) | Down::Failed | Down::Lost => {
                self.set(RETRY_MS, stage);
            }
            other => stage.violate("nothing proper is refused for good", || format!("a POST: {other:?}")),
        }
    }

    /// Its alarm rings.
    pub fn ring(&mut self, number: u32, stage: &mut Stage) {
        if number == self.alarm {
            self.send(stage);
        }
    }

    /// Whether a moderator wanted that.
    fn is_silenced(&self, code: &str, stage: &Stage) -> bool {
        let held = |kind| stage.court.held(kind, self.posted_ms);
        match code {
            "muted" => stage.court.bot.is_some_and(|bot| held(Kind::Mute(bot))),
            "banned" => stage.court.bot.is_some_and(|bot| held(Kind::Ban(bot))),
            "room_locked" => held(Kind::Lock),
            _ => false,
        }
    }

    fn send(&mut self, stage: &mut Stage) {
        let Some(post) = self.waiting.front() else { return };
        stage.note(|| format!("the poster posts {:?}", post.text));
        self.posted_ms = stage.now_ms;
        self.link = Some(stage.open_link(Owner::Poster, Up::Post(post.clone())));
        self.set(ANSWER_MS_MAX, stage);
    }

    fn set(&mut self, delay_ms: u64, stage: &mut Stage) {
        self.alarm += 1;
        stage.after(delay_ms, Due::PosterAlarm(self.alarm));
    }
}
