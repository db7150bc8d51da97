//! The fake server over the network, as clients of Temporal meet it.

use std::time::{Duration, Instant};

use deadbeat::official::common::{WorkflowExecution, WorkflowType};
use deadbeat::official::taskqueue::TaskQueue;
use deadbeat::official::testservice::SleepRequest;
use deadbeat::official::testservice::test_service_client::TestServiceClient;
use deadbeat::official::workflowservice::workflow_service_client::WorkflowServiceClient;
use deadbeat::official::{well_known, workflowservice as service};
use deadbeat::serve::{Edge, Host, VirtualClock};
use deadbeat::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Request};

type Client = WorkflowServiceClient<Channel>;

/// An edge of its own, and a client of it.
async fn edge() -> (String, Client, Channel) {
    let host = Host::new(Server::new("default"), VirtualClock::default());
    let edge = Edge::bind("127.0.0.1:0".parse().unwrap(), host).await.unwrap();
    let address = edge.address().to_string();
    tokio::spawn(edge.serve());
    let channel = connect(&address).await;
    (address, WorkflowServiceClient::new(channel.clone()), channel)
}

async fn connect(address: &str) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

fn start(workflow_id: &str) -> service::StartWorkflowExecutionRequest {
    service::StartWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(WorkflowType { name: "Greeting".to_owned() }),
        task_queue: Some(TaskQueue { name: "main".to_owned(), ..TaskQueue::default() }),
        request_id: workflow_id.to_owned(),
        workflow_run_timeout: Some(well_known::Duration { seconds: 60, nanos: 0 }),
        ..Default::default()
    }
}

fn describe(workflow_id: &str) -> service::DescribeWorkflowExecutionRequest {
    service::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: Some(WorkflowExecution {
            workflow_id: workflow_id.to_owned(),
            ..Default::default()
        }),
    }
}

fn poll(timeout: Duration) -> Request<service::PollWorkflowTaskQueueRequest> {
    let mut request = Request::new(service::PollWorkflowTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: Some(TaskQueue { name: "main".to_owned(), ..TaskQueue::default() }),
        ..Default::default()
    });
    request.set_timeout(timeout);
    request
}

#[tokio::test]
async fn a_refusal_has_the_servers_words_and_details() {
    let (_, mut client, _) = edge().await;
    let refused = client.describe_workflow_execution(describe("nobody")).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(refused.message(), "workflow not found for ID: nobody");
    let details = String::from_utf8_lossy(refused.details()).into_owned();
    assert!(details.contains("temporal.api.errordetails.v1.NotFoundFailure"), "{details}");
}

#[tokio::test]
async fn what_is_not_modelled_is_refused_by_name() {
    let (_, mut client, _) = edge().await;
    let schedule = service::CreateScheduleRequest::default();
    let refused = client.create_schedule(schedule).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(refused.message(), "deadbeat does not model CreateSchedule");
}

#[tokio::test]
async fn a_parked_poll_is_answered_with_the_next_task() {
    let (address, mut client, _) = edge().await;
    let mut worker = Client::new(connect(&address).await);
    let polled = tokio::spawn(async move {
        worker.poll_workflow_task_queue(poll(Duration::from_secs(20))).await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.start_workflow_execution(start("greeting")).await.unwrap();
    let task = polled.await.unwrap().unwrap().into_inner();
    assert_eq!(task.workflow_execution.unwrap().workflow_id, "greeting");
}

#[tokio::test]
async fn a_poll_is_answered_with_nothing_a_second_before_its_client_gives_up() {
    let (_, mut client, _) = edge().await;
    let asked = Instant::now();
    let answer = client.poll_workflow_task_queue(poll(Duration::from_secs(2))).await.unwrap();
    assert_eq!(answer.into_inner(), service::PollWorkflowTaskQueueResponse::default());
    let waited = asked.elapsed();
    assert!(waited > Duration::from_millis(900) && waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn a_task_does_not_go_to_a_client_that_has_gone() {
    let (address, mut client, _) = edge().await;
    let mut gone = Client::new(connect(&address).await);
    let polled =
        tokio::spawn(
            async move { gone.poll_workflow_task_queue(poll(Duration::from_secs(20))).await },
        );
    tokio::time::sleep(Duration::from_millis(100)).await;
    polled.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.start_workflow_execution(start("greeting")).await.unwrap();
    let task = client.poll_workflow_task_queue(poll(Duration::from_secs(2))).await.unwrap();
    assert!(!task.into_inner().task_token.is_empty());
}

#[tokio::test]
async fn time_passes_when_a_test_says_so() {
    let (_, mut client, channel) = edge().await;
    client.start_workflow_execution(start("greeting")).await.unwrap();
    let mut test = TestServiceClient::new(channel);
    let mut sleep = async |seconds| {
        let duration = Some(well_known::Duration { seconds, nanos: 0 });
        test.unlock_time_skipping_with_sleep(SleepRequest { duration }).await
    };
    let mut status = async || {
        let answer = client.describe_workflow_execution(describe("greeting")).await.unwrap();
        answer.into_inner().workflow_execution_info.unwrap().status().as_str_name()
    };
    sleep(59).await.unwrap();
    assert_eq!(status().await, "WORKFLOW_EXECUTION_STATUS_RUNNING");
    sleep(1).await.unwrap();
    assert_eq!(status().await, "WORKFLOW_EXECUTION_STATUS_TIMED_OUT");
    for odd in [-1, i64::MAX] {
        assert_eq!(sleep(odd).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn bytes_that_are_no_http2_close_their_own_connection_only() {
    let (address, mut client, _) = edge().await;
    for nonsense in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xFF\xFF", &[0; 64]]
    {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(nonsense).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // Whether it is told or cut off, it ends.
        let _ = stream.read_to_end(&mut answer).await;
    }
    client.get_system_info(service::GetSystemInfoRequest::default()).await.unwrap();
}
