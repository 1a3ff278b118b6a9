use domain::connection_test::{MASK, Purpose, StageName, Verdict};

use super::*;

const SCRIPT: &str = "<script>alert(\"it's me\")</script>";

fn stage(name: StageName, state: StageState, took_us: u64, detail: &str) -> Stage {
    Stage {
        name,
        state,
        started_us: 0,
        took_us,
        detail: detail.to_owned(),
    }
}

fn request(stages: Vec<Stage>, status: u16, body: Option<&str>) -> TestedRequest {
    let header = |name: &str, value: &str| SentHeader {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    TestedRequest {
        purpose: Purpose::Event,
        stages,
        sent: Some(SentRequest {
            method: "POST".to_owned(),
            url: "https://siem.example/in".to_owned(),
            headers: vec![header("content-type", "application/json"), header("x-key", MASK)],
            body: SentBody::Text("{\"id\":\"one\"}".to_owned()),
        }),
        answer: Some(TestAnswer {
            status,
            body: body.map(str::to_owned),
        }),
    }
}

fn report(accepted: bool, requests: Vec<TestedRequest>) -> TestReport {
    TestReport {
        verdict: Verdict {
            accepted,
            summary: format!("The receiver answered {SCRIPT}."),
            next_step: (!accepted).then(|| format!("Ask {SCRIPT}.")),
        },
        requests,
        event_id: "0197".to_owned(),
        took_us: 4_200,
    }
}

fn drawn(report: &TestReport) -> String {
    Owner::new().with(|| draw_test_report(report))
}

/// What a reader sees: the text without tags and comments.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_others_say_is_text_wherever_it_stands() {
    let mut request = request(
        vec![stage(StageName::Answer, StageState::Failed, 3, SCRIPT)],
        400,
        Some(SCRIPT),
    );
    if let Some(sent) = &mut request.sent {
        sent.url = format!("https://siem.example/{SCRIPT}");
        sent.body = SentBody::Text(SCRIPT.to_owned());
        sent.headers.push(SentHeader {
            name: SCRIPT.to_owned(),
            value: SCRIPT.to_owned(),
        });
    }
    let mut report = report(false, vec![request]);
    report.event_id = format!("\" onclick=\"alert(1)\" {SCRIPT}");
    let html = drawn(&report);
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("data-copy=\"&quot; onclick=&quot;"), "{html}");
    assert_eq!(html.matches("&lt;script&gt;").count(), 10, "{html}");
}

#[test]
fn stages_come_in_order_with_state_and_time() {
    let stages = vec![
        stage(StageName::Prepared, StageState::Done, 20, "Signed."),
        stage(StageName::Address, StageState::Done, 1_250, "127.0.0.1"),
        stage(StageName::Tcp, StageState::Failed, 2_345_600, "Refused."),
        Stage::skipped(StageName::Tls),
    ];
    let told = text_of(&drawn(&report(false, vec![request(stages, 401, Some(""))])));
    let told = told.split("Deliver the event").last().unwrap_or_default();
    let wanted = "Done Request prepared &lt; 0.1 ms Signed. Done Address resolved 1.3 ms 127.0.0.1 \
                  Failed TCP connection 2,346 ms Refused. Skipped TLS and certificate Request, which was not sent";
    assert!(told.trim_start().starts_with(wanted), "{told}");
}

#[test]
fn the_verdict_says_what_to_do_and_opens_the_answer_of_what_failed() {
    let sent = || vec![stage(StageName::Request, StageState::Done, 9, "")];
    let answered = |status, body| request(sent(), status, body);
    let failed = drawn(&report(false, vec![answered(200, None), answered(403, Some("No."))]));
    let told = text_of(&failed);
    assert!(told.starts_with("Not accepted took 4.2 ms"), "{told}");
    assert!(told.contains("Ask &lt;script"), "{told}");
    assert_eq!(failed.matches(" open").count(), 1, "{failed}");
    let opened = failed.split(" open ").last().unwrap_or_default();
    assert!(text_of(opened).contains("Answer 403 No."), "{failed}");
    assert!(!opened.contains("Answer 200"), "{failed}");
    let accepted = drawn(&report(true, vec![answered(200, Some("ok"))]));
    assert!(text_of(&accepted).starts_with("Accepted took 4.2 ms"), "{accepted}");
    assert!(
        text_of(&accepted).contains("Request as sent POST https://siem.example/in"),
        "{accepted}"
    );
    assert!(!accepted.contains("Ask ") && !accepted.contains(" open"), "{accepted}");
}

#[test]
fn what_is_hidden_is_said_to_be() {
    let mut hidden = request(Vec::new(), 200, None);
    if let Some(sent) = &mut hidden.sent {
        sent.body = SentBody::Hidden(1_205);
    }
    let told = text_of(&drawn(&report(true, vec![hidden])));
    assert!(told.contains(&format!("x-key {MASK}")), "{told}");
    assert!(told.contains("Its body of 1,205 bytes is not shown."), "{told}");
    assert!(told.contains("Answer 200 It is a secret, and not shown."), "{told}");
}

#[test]
fn times_are_told_in_milliseconds() {
    let times = [
        (0, "< 0.1 ms"),
        (50, "0.1 ms"),
        (99_949, "99.9 ms"),
        (99_950, "100 ms"),
        (10_000_499, "10,000 ms"),
    ];
    for (us, told) in times {
        assert_eq!(milliseconds(us), told);
    }
}
