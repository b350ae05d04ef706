//! The provider's script as a sequence writes it.

use actors::provider::script::{Reply, ReplyKind, Script};

use super::format::{RawReply, RawReplyKind};

/// Reads a script.
pub(super) fn of(replies: &[RawReply], cycle: bool) -> Result<Script, String> {
    let mut all = Vec::new();
    for raw in replies {
        if (raw.reply == RawReplyKind::Error500) != raw.charged.is_some() {
            return Err("`error_500`, and nothing else, says whether it `charged`".to_owned());
        }
        let kind = match (raw.reply, &raw.code) {
            (RawReplyKind::Decline, Some(code)) => ReplyKind::Decline { code: code.clone() },
            (RawReplyKind::Decline, None) => return Err("a decline needs a `code`".to_owned()),
            (_, Some(_)) => return Err("only a decline has a `code`".to_owned()),
            (RawReplyKind::Ok, None) => ReplyKind::Ok,
            (RawReplyKind::TimeoutCharged, None) => ReplyKind::TimeoutCharged,
            (RawReplyKind::TimeoutNotCharged, None) => ReplyKind::TimeoutNotCharged,
            (RawReplyKind::KeyInUse, None) => ReplyKind::KeyInUse,
            (RawReplyKind::Error500, None) => ReplyKind::Error { charged: raw.charged == Some(true) },
        };
        let reply = Reply { kind, lose_response: raw.lose_response, delay: raw.delay.0 };
        all.extend(std::iter::repeat_n(reply, usize::try_from(raw.times).unwrap_or(1)));
    }
    Ok(Script::new(all, cycle))
}
