//! Every documented shape of an audit event, with values of our own. The tests of `server` use them, too.

/// Name of the shape, and the event in the key order of real bodies.
pub(crate) const PAYLOADS: [(&str, &str); 13] = [
    (
        "git operation over ssh",
        r#"{"id":101,"author_id":7,"entity_id":29,"entity_type":"Project","details":{"author_name":"Ada Byron","author_class":"User","target_id":29,"target_type":"Project","target_details":"engine-room","custom_message":{"protocol":"ssh","action":"git-upload-pack"},"ip_address":"192.0.2.10","entity_path":"analytical/engine-room"},"ip_address":"192.0.2.10","author_name":"Ada Byron","entity_path":"analytical/engine-room","target_details":"engine-room","created_at":"2026-02-23T06:21:05.283Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#,
    ),
    (
        "git push over http",
        r#"{"id":102,"author_id":7,"entity_id":29,"entity_type":"Project","details":{"author_name":"Ada Byron","author_class":"User","target_id":29,"target_type":"Project","target_details":"engine-room","custom_message":{"protocol":"http","action":"git-receive-pack"},"ip_address":"192.0.2.10","entity_path":"analytical/engine-room"},"ip_address":"192.0.2.10","author_name":"Ada Byron","entity_path":"analytical/engine-room","target_details":"engine-room","created_at":"2026-02-23T06:22:05.283Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#,
    ),
    (
        "git operation by a deploy key",
        r#"{"id":"0195e0b2-7c4e-7d3a-9b1c-2f8d6a5e4c3b","author_id":-3,"entity_id":29,"entity_type":"Project","details":{"author_name":"nightly mirror","author_class":"DeployKey","target_id":29,"target_type":"Project","target_details":"engine-room","custom_message":{"protocol":"ssh","action":"git-upload-pack"},"ip_address":"192.0.2.11","entity_path":"analytical/engine-room"},"ip_address":"192.0.2.11","author_name":"nightly mirror","entity_path":"analytical/engine-room","target_details":"engine-room","created_at":"2026-07-26T05:43:53.662Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#,
    ),
    (
        "git operation by a deploy token",
        r#"{"id":"d2","author_id":-2,"entity_id":29,"entity_type":"Project","details":{"author_name":"package reader","author_class":"DeployToken","target_id":29,"target_type":"Project","target_details":"engine-room","custom_message":{"protocol":"http","action":"git-upload-pack"},"ip_address":"192.0.2.12","entity_path":"analytical/engine-room"},"ip_address":"192.0.2.12","author_name":"package reader","entity_path":"analytical/engine-room","target_details":"engine-room","created_at":"2026-07-26T05:44:53.662Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#,
    ),
    (
        "download from the page",
        r#"{"id":103,"author_id":99,"entity_id":29,"entity_type":"Project","details":{"custom_message":"Repository Download Started","author_name":"cbabbage","author_class":"User","target_id":29,"target_type":"Project","target_details":"analytical/engine-room","ip_address":"2001:db8::7","entity_path":"analytical/engine-room"},"ip_address":"2001:db8::7","author_name":"cbabbage","entity_path":"analytical/engine-room","target_details":"analytical/engine-room","created_at":"2026-02-23T06:27:17.873Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#,
    ),
    (
        "approval of a merge request",
        r#"{"id":104,"author_id":12,"entity_id":6,"entity_type":"Project","details":{"author_name":"ghopper","target_id":20,"target_type":"MergeRequest","target_details":"Tighten the \"gears\"","custom_message":"Approved merge request","ip_address":"192.0.2.13","entity_path":"analytical/mill"},"ip_address":"192.0.2.13","author_name":"ghopper","entity_path":"analytical/mill","target_details":"Tighten the \"gears\"","created_at":"2026-03-09T06:53:11.181Z","target_type":"MergeRequest","target_id":20,"event_type":"merge_request_approval_operation"}"#,
    ),
    (
        "new merge request",
        r#"{"id":105,"author_id":12,"entity_id":6,"entity_type":"Project","details":{"author_name":"ghopper","target_id":132,"target_type":"MergeRequest","target_details":"Oil the mill — größer","custom_message":"Added merge request","ip_address":"192.0.2.13","entity_path":"analytical/mill"},"ip_address":"192.0.2.13","author_name":"ghopper","entity_path":"analytical/mill","target_details":"Oil the mill — größer","created_at":"2026-07-04T00:19:22.675Z","target_type":"MergeRequest","target_id":132,"event_type":"merge_request_create"}"#,
    ),
    (
        "fork of a project",
        r#"{"id":106,"author_id":12,"entity_id":6,"entity_type":"Project","details":{"author_name":"ghopper","target_id":6,"target_type":"Project","target_details":"mill","custom_message":"Forked project to compilers/mill-fork","ip_address":"192.0.2.13","entity_path":"analytical/mill"},"ip_address":"192.0.2.13","author_name":"ghopper","entity_path":"analytical/mill","target_details":"mill","created_at":"2026-06-30T03:43:35.384Z","target_type":"Project","target_id":6,"event_type":"project_fork_operation"}"#,
    ),
    (
        "change of a group link",
        r#"{"id":107,"author_id":12,"entity_id":6,"entity_type":"Project","details":{"author_name":"ghopper","target_id":31,"target_type":"Group","target_details":"compilers","custom_message":"Changed project group link profile group_access from Developer to Guest","ip_address":"192.0.2.13","entity_path":"analytical/mill"},"ip_address":"192.0.2.13","author_name":"ghopper","entity_path":"analytical/mill","target_details":"compilers","created_at":"2026-07-04T00:43:28.328Z","target_type":"Group","target_id":31,"event_type":"project_group_link_update"}"#,
    ),
    (
        "target details that are an object",
        r#"{"id":108,"author_id":12,"entity_id":6,"entity_type":"Project","details":{"author_name":"ghopper","target_id":20,"target_type":"MergeRequest","target_details":{"title":"Tighten the gears","iid":"4","id":"20"},"custom_message":"Invalid merge request approver rules","ip_address":"192.0.2.13","entity_path":"analytical/mill"},"ip_address":"192.0.2.13","author_name":"ghopper","entity_path":"analytical/mill","target_details":"Tighten the gears","created_at":"2026-03-09T06:54:11.181Z","target_type":"MergeRequest","target_id":20,"event_type":"audit_operation"}"#,
    ),
    (
        "group event",
        r#"{"id":16807,"author_id":1,"entity_id":1000000,"entity_type":"Group","details":{"event_name":"group_share_with_group_link_created","author_name":"Root","author_class":"User","target_id":24,"target_type":"Group","target_details":"Compilers","custom_message":"Invited Compilers to the group Analytical","ip_address":"172.16.123.1","entity_path":"analytical"},"ip_address":"172.16.123.1","author_name":"Root","entity_path":"analytical","target_details":"Compilers","created_at":"2026-10-14T18:00:08.677Z","target_type":"Group","target_id":24,"event_type":"group_share_with_group_link_created"}"#,
    ),
    (
        "user event",
        r#"{"id":356,"author_id":1,"entity_id":16,"entity_type":"User","details":{"author_name":"Root","author_class":"User","target_id":16,"target_type":"User","target_details":"jlovelace","custom_message":"User jlovelace scheduled for deletion","ip_address":"172.19.0.3","entity_path":"jlovelace"},"ip_address":"172.19.0.3","author_name":"Root","entity_path":"jlovelace","target_details":"jlovelace","created_at":"2026-05-01T10:00:00.000Z","target_type":"User","target_id":16,"event_type":"user_destroyed"}"#,
    ),
    (
        "instance event",
        r#"{"id":4,"author_id":43,"entity_id":1,"entity_type":"Gitlab::Audit::InstanceScope","details":{"author_name":"Root","author_class":"User","target_id":32,"target_type":"AuditEvents::Streaming::InstanceHeader","target_details":"unknown","custom_message":"Created custom HTTP header with key X-team.","ip_address":"192.0.2.1","entity_path":"gitlab_instance"},"ip_address":"192.0.2.1","author_name":"Root","entity_path":"gitlab_instance","target_details":"unknown","created_at":"2026-08-01T11:29:44.764Z","target_type":"AuditEvents::Streaming::InstanceHeader","target_id":32,"event_type":"audit_events_streaming_instance_headers_create"}"#,
    ),
];
