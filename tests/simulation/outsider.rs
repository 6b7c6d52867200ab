//! Somebody with another chat's client, in one of the other dialects: it has no `id`s, no session and no
//! way back. What it does is seen by the clients whose promises are checked.

use parlor::protocol::Dialect;
use serde_json::json;

use crate::network::{Down, LinkId, Owner, Up};
use crate::stage::Stage;

const DIALECTS: [Dialect; 4] = [Dialect::ScaleSocket, Dialect::WsChat, Dialect::SimpleChat, Dialect::Text];

/// The outsider.
pub struct Outsider {
    number: usize,
    link: Option<LinkId>,
    frames: u64,
    /// Whether the upgrade was answered.
    is_open: bool,
}

impl Outsider {
    pub fn new(number: usize) -> Self {
        Self { number, link: None, frames: 0, is_open: false }
    }

    /// Does one thing: comes, says something, or now and then leaves.
    pub fn act(&mut self, stage: &mut Stage) {
        let Some(link) = self.link else { return self.open(stage) };
        if stage.dice.percent(15) {
            return self.close(stage);
        }
        if !self.is_open {
            return;
        }
        self.frames += 1;
        stage.tally.outside_frames += 1;
        let (number, frame) = (self.number, self.frames);
        let name = format!("Outsider {}", stage.dice.below(4));
        let said = format!("outside {number}.{frame}");
        let text = match stage.links[link].dialect {
            Dialect::ScaleSocket => json!({ "nick": name, "text": said }).to_string(),
            Dialect::WsChat if frame % 5 == 1 => json!({ "type": "join", "username": name }).to_string(),
            Dialect::WsChat => json!({ "type": "message", "text": said }).to_string(),
            Dialect::SimpleChat if frame == 1 => name,
            Dialect::Text | Dialect::TextJson => match stage.dice.below(6) {
                0 => json!({ "type": "setUsername", "user": name }).to_string(),
                1 => json!({ "type": "typing", "user": name }).to_string(),
                _ => said,
            },
            _ => said,
        };
        stage.send_up(link, Up::Frame(text.into()));
    }

    /// Takes in what came on a link.
    pub fn receive(&mut self, link: LinkId, item: &Down, stage: &mut Stage) {
        if self.link != Some(link) {
            return;
        }
        match item {
            Down::Accepted => self.is_open = true,
            Down::Failed | Down::Close(_) | Down::Lost => self.close(stage),
            _ => {}
        }
    }

    /// Leaves.
    pub fn close(&mut self, stage: &mut Stage) {
        if let Some(link) = self.link.take() {
            stage.send_up(link, Up::Close);
        }
        self.is_open = false;
    }

    fn open(&mut self, stage: &mut Stage) {
        let dialect = stage.dice.pick(&DIALECTS);
        let link = stage.open_link(Owner::Outsider(self.number), Up::Upgrade);
        stage.note(|| format!("outsider {} dials: link {link}, {}", self.number, dialect.name()));
        stage.links[link].dialect = dialect;
        self.link = Some(link);
        self.frames = 0;
    }
}
