//! The page on which a devnet is looked at and ordered about.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use cairn::devnet::Work;
use cairn::types::Height;

use super::stage::Stage;

/// What a page is asked, as a browser does, and the whole of the answer.
fn ask(stage: &Stage, line: &str, more: &str, form: &str) -> String {
    ask_by(stage, "localhost", line, more, form)
}

/// The same, by the name that it is called.
fn ask_by(stage: &Stage, host: &str, line: &str, more: &str, form: &str) -> String {
    ask_at(stage.devnet.desk().unwrap(), host, line, more, form)
}

fn ask_at(address: SocketAddr, host: &str, line: &str, more: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\naccept: text/html\r\n{more}");
    let kind = "content-type: application/x-www-form-urlencoded\r\n";
    write!(stream, "{head}{kind}content-length: {}\r\n\r\n{form}", form.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn page(stage: &Stage) -> String {
    let answer = ask(stage, "GET /", "", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

/// Sends a form, which leads back to the page; what is said there of it.
fn order(stage: &Stage, path: &str, form: &str) -> String {
    let answer = ask(stage, &format!("POST {path}"), "", form);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    said(&page(stage), "said").to_owned()
}

/// What stands on a page where it says what became of an order.
fn said<'a>(page: &'a str, place: &str) -> &'a str {
    page.split(&format!("id=\"{place}\"")).nth(1).unwrap().split("</div>").next().unwrap()
}

/// Asks for coins on the page; the page that this leads back to.
fn beg(stage: &Stage, form: &str) -> String {
    let answer = ask(stage, "POST /orders/faucet", "", form);
    let back = answer.split("location: ").nth(1).unwrap_or_else(|| panic!("{answer}"));
    let (path, place) = back.split("\r\n").next().unwrap().split_once('#').unwrap();
    assert_eq!(place, "faucet", "{answer}");
    ask(stage, &format!("GET {path}"), "", "")
}

#[test]
fn page_shows_every_node_with_the_way_to_its_explorer() {
    let stage = Stage::start(2);
    stage.handle().mine(3, None).unwrap();
    stage.agree();
    stage.handle().kill(1).unwrap();
    let shown = page(&stage);
    let network = stage.network();
    let port = network.nodes[0].at.http.rsplit(':').next().unwrap();
    assert!(shown.contains(&format!("href=\"http://localhost:{port}/\">Node 0</a>")), "{shown}");
    let down = "<th scope=\"row\">Node 1</th><td><span class=\"state bad\">down</span></td>";
    assert!(shown.contains(down), "{shown}");
    assert!(shown.contains("content-security-policy: default-src 'none'"), "{shown}");
    for account in &network.accounts {
        assert!(shown.contains(&account.address) && shown.contains(&account.key));
    }
}

#[test]
fn nodes_at_one_height_on_two_branches_are_told_apart() {
    let stage = Stage::start(3);
    order(&stage, "/orders/partition", "groups=0+%7C+1%2C2");
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().mine(2, Some(1)).unwrap();
    let shown = page(&stage);
    let state = |node: usize, state: &str| {
        shown.contains(&format!("Node {node}</a></th><td><span class=\"state {state}</span>"))
    };
    assert!(state(0, "waiting\">forked") && state(1, "good\">up") && state(2, "good\">up"), "{shown}");
    assert_eq!((shown.matches("node apart").count(), shown.matches("node same").count()), (1, 2));
}

#[test]
fn orders_given_on_the_page_are_carried_out_and_told_of() {
    let stage = Stage::start(3);
    assert!(order(&stage, "/orders/mine", "blocks=4&node=1").contains("Mined 4 blocks."));
    stage.agree();
    assert_eq!(stage.network().nodes[0].height, Some(Height(4)));
    let slow = order(&stage, "/orders/link", "a=1&b=0&delay_ms=200&loss_percent=&cut=on");
    assert!(slow.contains("Link 1 – 0 is as you said."), "{slow}");
    let links = stage.network().links;
    assert_eq!((links[0].a, links[0].b), (0, 1));
    assert!(page(&stage).contains("Link between 0 and 1: cut"));
    assert!(order(&stage, "/orders/heal", "").contains("as they should be"));
    assert!(order(&stage, "/orders/partition", "groups=0+%7C+1%2C2").contains("parted"));
    assert_eq!(stage.network().links.len(), 2);
    order(&stage, "/orders/heal", "");
    assert!(order(&stage, "/orders/kill", "node=2").contains("Node 2 is down"));
    assert!(order(&stage, "/orders/restart", "node=2").contains("Node 2 is up again"));
    let before = stage.network().clock.time;
    order(&stage, "/orders/warp", "seconds=3600");
    assert!(stage.network().clock.time.0 >= before.0 + 3600);
    order(&stage, "/orders/clock", "hold=on");
    assert!(stage.network().clock.frozen);
    order(&stage, "/orders/clock", "hold=off");
    order(&stage, "/orders/interval", "seconds=0.5");
    assert_eq!(stage.network().mining, "interval=0.5");
    order(&stage, "/orders/mode", "mode=manual");
    assert!(order(&stage, "/orders/snapshot", "name=here").contains("Snapshot here is taken"));
    assert!(order(&stage, "/orders/reorganize", "depth=2").contains("2 blocks are left"));
    assert!(order(&stage, "/orders/revert", "name=here").contains("as it was at snapshot here"));
    assert!(order(&stage, "/orders/remove", "name=here").contains("Snapshot here is gone"));
}

#[test]
fn button_of_a_node_says_which_one_it_is_for_and_is_never_taken_for_another() {
    let stage = Stage::start(2);
    let names = |shown: &str, order: &str, spoken: &str| {
        let form = format!("data-key=\"/orders/{order}\"");
        let its = shown.split(&form).nth(1).unwrap_or_else(|| panic!("no {form} in {shown}"));
        let its = its.split("</form>").next().unwrap();
        assert!(its.contains(&format!("<button aria-label=\"{spoken}\">")), "{its}");
    };
    let shown = page(&stage);
    names(&shown, "mine?blocks=1&amp;node=0", "Mine at node 0");
    names(&shown, "kill?node=1", "Kill node 1");
    order(&stage, "/orders/kill", "node=1");
    names(&page(&stage), "restart?node=1", "Restart node 1");
}

#[test]
fn page_gives_coins_and_says_beside_the_form_what_became_of_it() {
    let stage = Stage::start(1);
    let address = "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt";
    let given = beg(&stage, &format!("address={address}&amount=2.5"));
    assert!(
        said(&given, "faucet-said").contains("<p class=\"said good\">2.5 CRN are on their way"),
        "{given}"
    );
    assert!(!said(&given, "said").contains("CRN"), "it is told twice: {given}");
}

#[test]
fn what_was_typed_for_the_faucet_stays_as_text_with_what_is_wrong_below() {
    let stage = Stage::start(1);
    let refused = beg(&stage, "address=%22%3E%3Cb%3Ehello%26&amount=7%25");
    assert!(said(&refused, "faucet-said").contains("class=\"said bad\""), "{refused}");
    assert!(
        refused.contains("name=\"address\" required value=\"&quot;&gt;&lt;b&gt;hello&amp;\""),
        "{refused}"
    );
    assert!(refused.contains("value=\"7%\"") && refused.contains("aria-invalid=\"true\""), "{refused}");
    assert!(!refused.contains("<b>hello"), "{refused}");
}

#[test]
fn order_that_cannot_be_carried_out_says_why_and_changes_nothing() {
    let stage = Stage::start(2);
    let loss = "`loss_percent` is `200`: expected a percentage up to 99";
    let depth = "a reorganization of depth 9 needs as many blocks, and the tip stands at 0";
    for (path, form, why) in [
        ("/orders/link", "a=0&b=1&delay_ms=soon", "`delay_ms` is `soon`: invalid digit found in string"),
        ("/orders/link", "a=0&b=1&loss_percent=200", loss),
        ("/orders/link", "a=0&b=7&cut=on", "there is no node 7: they are numbered from 0 to 1"),
        ("/orders/partition", "groups=0%7C0", "node 0 stands in two groups"),
        ("/orders/mode", "mode=whenever", "`whenever` is no way to mine"),
        ("/orders/mine", "blocks=1000000000000", "`1000000000000` blocks cannot be ordered: say 1 to 100000"),
        ("/orders/mine", "blocks=0", "`0` blocks cannot be ordered: say 1 to 100000"),
        ("/orders/reorganize", "depth=9", depth),
        ("/orders/revert", "name=nowhere", "there is no snapshot `nowhere`"),
        ("/orders/restart", "node=0", "node 0 runs already"),
    ] {
        let said = order(&stage, path, form);
        assert!(said.contains(&format!("<p class=\"said bad\">{why}")), "{path} {form}: {said}");
    }
    assert!(stage.network().links.is_empty());
}

#[test]
fn pages_of_a_node_say_whether_the_clock_is_held_and_ask_about_it_again() {
    let stage = Stage::start(1);
    let body = || {
        let answer =
            ask_at(stage.handle().roster().borrow()[0].places.http, "localhost", "GET /blocks", "", "");
        answer.split("<body").nth(1).unwrap().split('>').next().unwrap().to_owned()
    };
    assert!(!body().contains("data-frozen") && body().contains("data-every=\"5\""), "{}", body());
    stage.handle().hold_clock(true).unwrap();
    assert!(body().contains("data-frozen"), "{}", body());
    stage.handle().hold_clock(false).unwrap();
    assert!(!body().contains("data-frozen"), "{}", body());
}

#[test]
fn what_is_not_here_is_told_on_a_page_that_leads_back() {
    let stage = Stage::start(1);
    let port = stage.handle().roster().borrow()[0].places.http.port();
    for (line, status) in [("GET /nothing", "404"), ("GET /orders/mine", "405")] {
        let answer = ask(&stage, line, "", "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(
            answer.contains("<!DOCTYPE html>") && answer.contains("<a href=\"/\">To all nodes"),
            "{answer}"
        );
        let tip = format!("<a href=\"http://localhost:{port}/\">To the tip of the chain</a>");
        assert!(answer.contains(&tip), "{answer}");
    }
    assert!(ask(&stage, "GET /v1/nothing", "", "").contains("application/problem+json"));
}

#[test]
fn page_of_a_network_of_real_work_offers_what_can_be_ordered_there() {
    let stage = Stage::with(1, |options| options.work = Work::Asert);
    let offers = |page: &str, path: &str| page.contains(&format!("action=\"{path}\""));
    let shown = page(&stage);
    for path in ["/orders/mine", "/orders/interval", "/orders/reorganize"] {
        assert!(!offers(&shown, path), "{path}");
    }
    assert!(offers(&shown, "/orders/kill") && !shown.contains("value=\"automine\""));
    assert!(shown.contains("do not come") && shown.contains("value=\"work\""), "{shown}");
    order(&stage, "/orders/mode", "mode=work");
    assert!(page(&stage).contains("come by work"));
    let refused = order(&stage, "/orders/reorganize", "depth=1");
    assert!(refused.contains("bad"), "{refused}");
    let shown = page(&Stage::start(1));
    assert!(
        ["/orders/mine", "/orders/interval", "/orders/reorganize"].iter().all(|path| offers(&shown, path))
    );
}

#[test]
fn page_of_another_site_orders_nothing() {
    let stage = Stage::start(1);
    let answer = ask(&stage, "POST /orders/mine", "origin: https://elsewhere.example\r\n", "blocks=4");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(stage.network().nodes[0].height, Some(Height(0)));
}

#[test]
fn where_others_can_order_no_page_does_by_a_name_that_it_has_lead_here() {
    let stage = Stage::with(1, |options| {
        options.host = "0.0.0.0".parse().unwrap();
        options.manners.hosts = vec!["desk.example".to_owned()];
    });
    let order = |host: &str| {
        let origin = format!("origin: http://{host}\r\n");
        ask_by(&stage, host, "POST /orders/mine", &origin, "blocks=1")
    };
    for host in ["evil.example:9332", "192.0.2.1.evil.example"] {
        assert!(order(host).starts_with("HTTP/1.1 421"), "{host}");
    }
    assert_eq!(stage.heights(), [Some(0)]);
    for host in ["192.0.2.1:9332", "[2001:db8::1]:9332", "localhost:9332", "Desk.Example"] {
        assert!(order(host).starts_with("HTTP/1.1 303"), "{host}");
    }
    assert_eq!(stage.heights(), [Some(4)]);
}
