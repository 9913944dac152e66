//! Scenario files that say what cannot be: each is told which field, and what to do.

use cairn::lab::scenario::Scenario;

use super::scenarios::QUIET;

fn error(text: &str) -> String {
    Scenario::from_toml(text).unwrap_err().to_string()
}

#[test]
fn field_that_nobody_knows_or_that_is_missing_is_named() {
    let event = |what: &str| format!("{QUIET}\n[[events]]\nat = \"1m\"\ndo = {what}");
    let cases = [
        (QUIET.replace("spacing", "spcing"), "chain.spcing", "unknown field `spcing`"),
        (QUIET.replace("duration = \"15m\"", ""), "duration", "missing field `duration`"),
        (QUIET.replace("\"15m\"", "15"), "duration", "expected a length of time in quotes, as \"90s\""),
        (QUIET.replace("[\"all\"]", "\"all\""), "mining[0].who", "expected a list, as [\"all\"]"),
        (QUIET.replace("\"quiet\"", "7"), "name", "invalid type: integer `7`, expected text in quotes"),
        (event("\"partition\""), "events[0].do.partition", "it needs more than its name"),
        (event("{ heal = 1 }"), "events[0].do.heal", "it takes nothing: write its name alone"),
        (format!("{QUIET}\n[[expect]]\none_tip = true"), "expect[0].one_tip", "expected a table"),
        (
            format!("{QUIET}\n[[expect]]\none_tip = {{}}\nheight = {{ at_least = 1 }}"),
            "expect[0]",
            "one thing at a time",
        ),
        (QUIET.replace("\"15m\"", "\"15 minutes\""), "duration", "write one like `250ms`"),
        (QUIET.replace("count = 2", "count = -2"), "nodes[0].count", "invalid value"),
        (
            format!("{QUIET}\n[[events]]\nat = \"1m\"\ndo = {{ explode = [\"some\"] }}"),
            "events[0].do",
            "unknown variant `explode`",
        ),
        (
            format!("{QUIET}\n[[expect]]\nheight = {{ at_leest = 3 }}"),
            "expect[0].height",
            "unexpected keys in table: at_leest, available keys: who, at, at_least, at_most",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with("line ") && error.contains(field) && error.contains(reason), "{error}");
    }
    assert!(error("name =").starts_with("it is not TOML: "));
}

#[test]
fn what_cannot_be_is_told_what_to_do() {
    let chain = |what: &str| QUIET.replace("[chain]", &format!("[chain]\n{what}"));
    let cases = [
        (QUIET.replace("\"15m\"", "\"30s\""), "duration", "make it longer"),
        (QUIET.replace("\"15m\"", "\"20000d\""), "duration", "18250d or less"),
        (QUIET.replace("\"30s\"", "\"500ms\""), "chain.spacing", "whole seconds"),
        (QUIET.replace("\"30s\"", "\"2d\""), "chain.spacing", "1 to 86400 are allowed: so many seconds"),
        (chain("maturity = 0"), "chain.maturity", "1 to 100000 are allowed"),
        (chain("maturity = 100001"), "chain.maturity", "1 to 100000 are allowed"),
        (chain("future_drift = \"2d\""), "chain.future_drift", "1 to 86400 are allowed: so many seconds"),
        (
            QUIET.replace("\"30s\"", "\"5s\"\nadjusts = true"),
            "chain.future_drift",
            "1 to 300 are allowed: so many seconds; write one",
        ),
        (chain("people = 10001"), "chain.people", "1 to 10000"),
        (QUIET.replace("[\"all\"]", "[\"west\"]"), "mining[0].who", "as `some.1`"),
        (QUIET.replace("[\"all\"]", "[\"some.3\"]"), "mining[0].who", "nobody is called `some.3`"),
        (QUIET.replace("share = 1.0", "share = -1.0"), "mining[0].share", "0 or more"),
        (QUIET.replace("rate = 0.2", "rate = -1.0"), "users.rate", "payments a second"),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn network_that_cannot_be_is_told_what_to_do() {
    let with = |more: &str| format!("{QUIET}\n{more}");
    let cases = [
        (QUIET.replace("\"others\"", "\"some\""), "nodes[1].name", "choose another"),
        (QUIET.replace("count = 2", "count = 0"), "nodes[0].count", "write 1 to 10000"),
        (QUIET.replace("count = 2", "count = 9223372036854775807"), "nodes[0].count", "write 1 to 10000"),
        (QUIET.replace("count = 2", "count = 5001"), "nodes", "10002 are too many: 10000 at most"),
        (with("[topology]\nrandom = { degree = 1 }"), "topology.random.degree", "write 2 or more"),
        (
            format!("topology = \"complete\"\n{}", QUIET.replace("count = 2", "count = 5000")),
            "topology",
            "49995000 connections are too many",
        ),
        (QUIET.replace("count = 2", "count = 2\nhidden = true"), "nodes[0]", "write a group first"),
        (QUIET.replacen("count = 2", "count = 2\nstarts = \"1m\"", 1), "nodes[0]", "write a group first"),
        (
            QUIET.replace("count = 2", "count = 2\noutbound_max = 9223372036854775807"),
            "nodes[0].outbound_max",
            "write 1000 or less",
        ),
        (
            format!("geography = \"bitcoin-2019\"\n{}", with("[link]\ndelay = \"1s\"")),
            "link.delay",
            "leave one of the two out",
        ),
        (with("[link]\nloss = 2.0"), "link.loss", "from 0 to 1"),
        (
            QUIET.replacen("count = 2", "count = 2\nregion = \"japan\"", 1),
            "nodes[0].region",
            "add `geography",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn event_that_cannot_be_is_told_what_to_do() {
    let with = |more: &str| format!("{QUIET}\n{more}");
    let event = |what: &str| with(&format!("[[events]]\nat = \"1m\"\ndo = {what}"));
    let cases = [
        (event("{ partition = [[\"some\"]] }"), "events[0].do", "two sides or more"),
        (event("{ stop = [] }"), "events[0].do", "nobody is named"),
        (
            event("{ clock = { who = [\"all\"], ahead = \"1m\", behind = \"1m\" } }"),
            "events[0].do.clock",
            "leave one of the two out",
        ),
        (with("[[events]]\nat = \"16m\"\ndo = \"heal\""), "events[0].at", "after the end"),
        (
            event("{ clock = { who = [\"all\"], drift = 9000000000000000000 } }"),
            "events[0].do.clock.drift",
            "-1000000 to 1000000",
        ),
        (
            event("{ pay = { through = [\"all\"], count = 9223372036854775807 } }"),
            "events[0].do.pay.count",
            "1 to 10000",
        ),
        (
            event("{ link = { from = [\"some\"], to = [\"others\"], becomes = {} } }"),
            "events[0].do.link.becomes",
            "write `delay`",
        ),
        (
            event("{ link = { from = [\"some\"], to = [\"others\"], becomes = { loss = 20.0 } } }"),
            "events[0].do.link.becomes.loss",
            "from 0 to 1",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn harm_that_cannot_be_is_told_what_to_do() {
    let with = |more: &str| format!("{QUIET}\n{more}");
    let cases = [
        (
            with("[[adversaries]]\nname = \"some\"\ndo = \"orphans\""),
            "adversaries[0].name",
            "that nobody else has",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\nagainst = [\"y\"]"),
            "adversaries[0].against",
            "nobody is called `y`",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\ncount = 0"),
            "adversaries[0].count",
            "write 1 to 1000",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\nfrom = \"16m\""),
            "adversaries[0].from",
            "after the end",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = { eclipse = { groups = 1 } }"),
            "adversaries[0].against",
            "name it, as `group.1`",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = { eclipse = { groups = 2 } }\nagainst = [\"some.1\"]"),
            "adversaries[0].do.eclipse.groups",
            "a larger `count`",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = { lies = { hides = 0 } }"),
            "adversaries[0].do.lies.hides",
            "1 to 1000",
        ),
        (
            with(
                "[[adversaries]]\nname = \"x\"\ndo = { eclipse = { groups = 1 } }\ncount = 300\nagainst = [\"some.1\"]",
            ),
            "adversaries[0].count",
            "256 at most in each: write more `groups`",
        ),
        (
            QUIET.replace("share = 1.0", "share = 1.0\nstrategy = { double_spending = 0 }"),
            "mining[0].strategy.double_spending",
            "1 to 100",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn expectation_that_cannot_be_asked_is_told_what_to_do() {
    let cases = [
        ("height = {}", "height", "nothing is asked"),
        ("revenue = { who = [\"some\"] }", "revenue", "nothing is asked"),
        ("height = { at_least = 3, at_most = 2 }", "height", "write the smaller number first"),
        ("height = { at_least = 3, at = \"16m\" }", "height.at", "after the end"),
        ("stale_rate = { below = 5.0 }", "stale_rate", "from 0 to 1"),
        ("payments = { mined_at_least = 98.0 }", "payments", "from 0 to 1"),
        ("payments = { mined_at_least = 0.9, paid_after = \"16m\" }", "payments.paid_after", "after the end"),
        ("one_tip = { after = \"heal\" }", "one_tip.after", "add an event `heal`"),
        ("one_tip = { within = \"5m\" }", "one_tip.within", "5m after what?"),
        ("admitted = { who = [\"typo\"], at_most = 1 }", "admitted.who", "names of tables [[adversaries]]"),
        ("punished = { who = [\"some\"], at_least = 1 }", "punished.who", "names of tables [[adversaries]]"),
        (
            "taken_back = { who = [\"some\"], below = 0.1 }",
            "taken_back.who",
            "`strategy = { double_spending = 6 }`",
        ),
    ];
    for (expect, field, reason) in cases {
        let error = error(&format!("{QUIET}\n[[expect]]\n{expect}"));
        assert!(error.starts_with(&format!("expect[0].{field}: ")) && error.contains(reason), "{error}");
    }
}

#[test]
fn nobody_is_expected_to_do_anything_who_is_not_there() {
    let who = ["one_tip", "height", "connections", "stopped", "working", "outbound_honest"];
    let who = who.into_iter().chain(["blocks_of", "revenue", "taken_back", "punished", "admitted"]);
    let counted = |kind: &str| match kind {
        "one_tip" | "stopped" | "working" => "",
        "revenue" | "taken_back" => ", above = 0.1",
        _ => ", at_least = 1",
    };
    for kind in who {
        let text = format!("{QUIET}\n[[expect]]\n{kind} = {{ who = [\"typo\"]{} }}", counted(kind));
        let error = error(&text);
        assert!(error.starts_with(&format!("expect[0].{kind}.who: ")) && error.contains("typo"), "{error}");
    }
}
