//! What the demo prints.
use std::time::Duration;

use chrono::Local;

use super::super::error::CliError;
use super::super::output;
use super::book::{Answered, Tally};
use super::script::shortened;

/// Characters shown of a question and of an answer.
const QUESTION: usize = 24;
const ANSWER: usize = 18;

/// A line that begins with the time.
pub fn event(text: &str) {
    line(&format!("{} {text}", Local::now().format("%H:%M:%S")));
}

/// Something that should not happen; standard error.
pub fn problem(text: &str) {
    output::report(&format!("workbot: {text}\n"));
}

/// A line as it is. Standard output that fails is told once, at the end, by whoever prints the verdict.
pub fn line(text: &str) {
    if let Err(error) = output::print_line(text) {
        output::report(&error.report());
    }
}

/// One answered message.
pub fn answered(answered: &Answered) {
    event(&sentence(answered));
}

fn sentence(answered: &Answered) -> String {
    let told = answered
        .told_in
        .map_or_else(String::new, |told| format!(", platform told in {}", milliseconds(told)));
    format!(
        "{}: {} → {} (phone executed in {}{told}, state {})",
        answered.place,
        shortened(&answered.text, QUESTION),
        shortened(&answered.answer, ANSWER),
        milliseconds(answered.executed_in),
        answered.state
    )
}

/// What the whole demo came to; the last line is the verdict.
pub fn summary(tally: &Tally, kills: u32, wrong_signatures: u64) -> Result<(), CliError> {
    output::print_line("")?;
    output::print_line(&text(tally, kills, wrong_signatures))
}

fn text(tally: &Tally, kills: u32, wrong_signatures: u64) -> String {
    let kills = match kills {
        0 => "not killed",
        _ => "killed (SIGKILL) in the middle of it and started again on the same data",
    };
    format!(
        "messages   {} written, {} stored, {} handed to the platform, the others answered by flows\n\
         commands   {} accepted, {} executed by phones, {} results told, {} states looked up and succeeded\n\
         callbacks  {} made again under their old id, {wrong_signatures} with a wrong signature\n\
         server     {kills}\n\
         latency from the customer's message\n\
         \u{20} platform called  {}\n\
         \u{20} reply executed   {}\n\
         \u{20} platform told    {}\n\
         lost {}, doubled {}",
        tally.said,
        tally.acked,
        tally.called,
        tally.commands,
        tally.executed,
        tally.told,
        tally.succeeded,
        tally.repeats,
        tally.call,
        tally.execution,
        tally.telling,
        tally.lost,
        tally.doubled
    )
}

fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answered_message_is_one_line() {
        let answered = Answered {
            place: "张三@客服群".into(),
            text: "如何退款？".into(),
            answer: "您好，请在订单页提交申请，我来帮您加急处理。".into(),
            executed_in: Duration::from_micros(12_900),
            told_in: Some(Duration::from_millis(15)),
            state: "succeeded".into(),
        };
        assert_eq!(
            sentence(&answered),
            "张三@客服群: 如何退款？ → 您好，请在订单页提交申请，我来帮您加… (phone executed in 12 ms, platform told in 15 ms, state succeeded)"
        );
    }

    #[test]
    fn the_verdict_is_the_last_line() {
        let tally = Tally { lost: 2, doubled: 3, ..Tally::default() };
        let text = text(&tally, 1, 0);
        assert!(
            text.ends_with("\nlost 2, doubled 3") && text.contains("server     killed (SIGKILL)"),
            "{text}"
        );
    }
}
