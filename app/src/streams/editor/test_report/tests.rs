use domain::connection_test::{MASK, Purpose, SentBody, SentHeader, SentRequest, StageName, TestAnswer};

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

fn html(report: &TestReport) -> String {
    let report = report.clone();
    Owner::new().with(|| view! { <TestReportView report /> }.to_html())
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
    let html = html(&report);
    assert!(!html.contains("<script"), "{html}");
    assert_eq!(html.matches("&lt;script&gt;").count(), 9, "{html}");
}

#[test]
fn stages_come_in_order_with_state_and_time() {
    let stages = vec![
        stage(StageName::Prepared, StageState::Done, 20, "Signed."),
        stage(StageName::Address, StageState::Done, 1_250, "127.0.0.1"),
        stage(StageName::Tcp, StageState::Failed, 2_345_600, "Refused."),
        Stage::skipped(StageName::Tls),
    ];
    let text = text_of(&html(&report(false, vec![request(stages, 401, Some(""))])));
    let text = text.split("Deliver the event").last().unwrap_or_default();
    let wanted = "Done Request prepared &lt; 0.1 ms Signed. Done Address resolved 1.3 ms 127.0.0.1 \
                  Failed TCP connection 2,346 ms Refused. Skipped TLS and certificate Request, which was not sent";
    assert!(text.trim_start().starts_with(wanted), "{text}");
}

#[test]
fn the_verdict_says_what_to_do_and_opens_the_answer_of_what_failed() {
    let sent = || vec![stage(StageName::Request, StageState::Done, 9, "")];
    let answered = |status, body| request(sent(), status, body);
    let failed = html(&report(false, vec![answered(200, None), answered(403, Some("No."))]));
    let text = text_of(&failed);
    assert!(text.starts_with("Not accepted took 4.2 ms"), "{text}");
    assert!(text.contains("Ask &lt;script"), "{text}");
    assert_eq!(failed.matches(" open").count(), 1, "{failed}");
    let opened = failed.split(" open ").last().unwrap_or_default();
    assert!(text_of(opened).contains("Answer 403 No."), "{failed}");
    assert!(!opened.contains("Answer 200"), "{failed}");
    let accepted = html(&report(true, vec![answered(200, Some("ok"))]));
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
    let text = text_of(&html(&report(true, vec![hidden])));
    assert!(text.contains(&format!("x-key {MASK}")), "{text}");
    assert!(text.contains("The request body of 1,205 bytes is not shown."), "{text}");
    assert!(
        text.contains("Answer 200 The response body is a secret and is not shown."),
        "{text}"
    );
}

#[test]
fn times_are_text_in_milliseconds() {
    let times = [
        (0, "< 0.1 ms"),
        (50, "0.1 ms"),
        (99_949, "99.9 ms"),
        (99_950, "100 ms"),
        (10_000_499, "10,000 ms"),
    ];
    for (us, text) in times {
        assert_eq!(milliseconds(us), text);
    }
}

#[test]
fn what_the_network_rules_forbid_links_to_them() {
    let stages = |state| vec![stage(StageName::NetworkRule, state, 3, "Blocked.")];
    let blocked = html(&report(false, vec![request(stages(StageState::Failed), 0, None)]));
    assert!(blocked.contains("href=\"/admin/settings/network\""), "{blocked}");
    let allowed = html(&report(false, vec![request(stages(StageState::Done), 500, None)]));
    assert!(!allowed.contains("/admin/settings/network"), "{allowed}");
}
