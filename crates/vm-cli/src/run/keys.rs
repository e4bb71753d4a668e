//! The keys that control the machine and do not reach the guest.

/// Begins a key sequence: Ctrl-A.
const PREFIX: u8 = 0x01;

/// What the keys mean.
pub const HELP: &str = "\
\r
Ctrl-A x        quit\r
Ctrl-A h        show this\r
Ctrl-A Ctrl-A   send Ctrl-A to the guest\r
";

/// What a piece of input asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the guest.
    Send(Vec<u8>),
    /// Show the keys.
    Help,
    /// End the machine.
    Quit,
}

/// Finds key sequences in input, also where they are split over several reads.
#[derive(Default)]
pub struct KeyFilter {
    prefix_seen: bool,
}

impl KeyFilter {
    /// What `input` asks for, in order.
    pub fn feed(&mut self, input: &[u8]) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut pending = Vec::new();
        for &byte in input {
            if !std::mem::take(&mut self.prefix_seen) {
                match byte {
                    PREFIX => self.prefix_seen = true,
                    _ => pending.push(byte),
                }
                continue;
            }
            let action = match byte {
                // Also Ctrl-A a, for terminals inside of others with that prefix.
                PREFIX | b'a' => {
                    pending.push(PREFIX);
                    continue;
                }
                b'x' | b'X' => Action::Quit,
                // An unknown key shows the known ones.
                _ => Action::Help,
            };
            flush(&mut pending, &mut actions);
            actions.push(action);
        }
        flush(&mut pending, &mut actions);
        actions
    }
}

fn flush(pending: &mut Vec<u8>, actions: &mut Vec<Action>) {
    if !pending.is_empty() {
        actions.push(Action::Send(std::mem::take(pending)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(bytes: &[u8]) -> Action {
        Action::Send(bytes.to_vec())
    }

    #[test]
    fn sequences_are_taken_out() {
        let mut keys = KeyFilter::default();
        assert_eq!(keys.feed(b"ls\r"), [send(b"ls\r")]);
        assert_eq!(
            keys.feed(b"a\x01hb\x01xc"),
            [
                send(b"a"),
                Action::Help,
                send(b"b"),
                Action::Quit,
                send(b"c")
            ]
        );
        assert_eq!(keys.feed(b"\x01\x01\x01ab"), [send(b"\x01\x01b")]);
        assert_eq!(keys.feed(b"\x01?"), [Action::Help]);
    }

    #[test]
    fn sequences_may_arrive_in_parts() {
        let mut keys = KeyFilter::default();
        assert_eq!(keys.feed(b"\x01"), []);
        assert_eq!(keys.feed(b"x"), [Action::Quit]);
        assert_eq!(keys.feed(b"x"), [send(b"x")]);
    }
}
