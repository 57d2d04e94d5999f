//! An EC2 endpoint whose instances do as the test says: at HTTP level, so that the real SDK client talks to it.

use atelier::{
    aws::Connection,
    clock::Clock,
    http1::{self, Admission, Limits, Peer, Rejection, Request, Response, Service},
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What every call is answered with instead.
#[derive(Clone)]
pub(crate) enum Fault {
    /// A status and a body.
    Answer(u16, &'static str),
    /// An EC2 error of this code, with a status.
    Error(u16, &'static str),
    /// Ten megabytes that would be an empty list.
    Huge,
    /// Nothing, ever.
    Silence,
}

/// An instance; looks at one that is on its way bring it there.
#[derive(Clone)]
pub(crate) struct FakeInstance {
    pub(crate) id: &'static str,
    pub(crate) state: &'static str,
    pub(crate) launched: &'static str,
    pub(crate) stack: &'static str,
    pub(crate) kind: &'static str,
    /// Its tags besides those that make it the stack's.
    pub(crate) tags: BTreeMap<String, String>,
}

impl FakeInstance {
    pub(crate) fn new(state: &'static str) -> Self {
        Self {
            id: "i-0123456789abcdef0",
            state,
            launched: "2026-01-01T00:00:00.000Z",
            stack: "atelier",
            kind: "t2.micro",
            tags: BTreeMap::new(),
        }
    }

    /// One of several, with a name.
    pub(crate) fn named(id: &'static str, name: &str, state: &'static str) -> Self {
        Self { id, ..Self::new(state) }.tagged("atelier:name", name)
    }

    pub(crate) fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }
}

#[derive(Default)]
struct World {
    instances: Vec<FakeInstance>,
    calls: Vec<String>,
    fault: Option<Fault>,
    refused: Option<(&'static str, &'static str)>,
    /// An instance of which EC2 takes no order.
    stuck: Option<&'static str>,
    /// The clock, and how far each order moves it.
    slow: Option<(Clock, Duration)>,
    /// How many looks an instance needs to settle; `usize::MAX` never does.
    looks: usize,
    looked: usize,
    /// How many pages the list has; all instances are on the last one.
    pages: usize,
}

/// The endpoint; it ends with its last clone.
#[derive(Clone)]
pub(crate) struct FakeEc2 {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
    _server: Arc<(DropGuard, JoinHandle<()>)>,
}

impl FakeEc2 {
    pub(crate) async fn start(instances: Vec<FakeInstance>) -> Self {
        let world = Arc::new(Mutex::new(World { instances, looks: 2, pages: 1, ..World::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let service = Arc::new(Door(world.clone()));
        let server = tokio::spawn(http1::serve(listener, Limits::edge(), service, stop.clone()));
        Self { url, world, _server: Arc::new((stop.drop_guard(), server)) }
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection {
            endpoint: Some(self.url.clone()),
            region: "us-east-1".to_owned(),
            credentials: SharedCredentialsProvider::new(Credentials::new("AKIATEST", "secret", None, None, "test")),
        }
    }

    /// The calls so far that change something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.calls.iter().filter(|call| !call.starts_with("Describe")).cloned().collect()
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        self.world.lock().unwrap().calls.len()
    }

    /// Waits for the first call.
    pub(crate) async fn is_asked(&self) {
        while self.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.world.lock().unwrap().fault = Some(fault);
    }

    pub(crate) fn never_settle(&self) {
        self.world.lock().unwrap().looks = usize::MAX;
    }

    pub(crate) fn has_pages(&self, pages: usize) {
        self.world.lock().unwrap().pages = pages;
    }

    pub(crate) fn state(&self) -> &'static str {
        self.world.lock().unwrap().instances[0].state
    }

    /// The instances as they are.
    pub(crate) fn instances(&self) -> Vec<FakeInstance> {
        self.world.lock().unwrap().instances.clone()
    }

    /// Lets the operation fail with an EC2 error of this code, until another one is named.
    pub(crate) fn refuse(&self, operation: &'static str, code: &'static str) {
        self.world.lock().unwrap().refused = Some((operation, code));
    }

    /// Refuses every order that this instance is among.
    pub(crate) fn stick(&self, id: &'static str) {
        self.world.lock().unwrap().stuck = Some(id);
    }

    /// Lets so much time pass in each order.
    pub(crate) fn slow(&self, clock: &Clock, by: Duration) {
        self.world.lock().unwrap().slow = Some((clock.clone(), by));
    }

    /// Lets looks bring what is on its way where it goes, again.
    pub(crate) fn settle(&self) {
        self.world.lock().unwrap().looks = 1;
    }
}

struct Door(Arc<Mutex<World>>);

impl Service for Door {
    type Pass = ();

    async fn admit(&self, _: &http::request::Parts) -> Result<(Admission, ()), Response> {
        Ok((Admission::default(), ()))
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
        let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let target = request.headers().get("x-amz-target").map(|target| target.to_str().unwrap());
        let of_events = target.map(|target| target.strip_prefix("AWSEvents.").unwrap().to_owned());
        let action = of_events.clone().or_else(|| value("Action")).unwrap();
        let fault = {
            let mut world = self.0.lock().unwrap();
            world.calls.push(action.clone());
            let refused = world.refused.filter(|(operation, _)| *operation == action);
            let is_order = action == "StartInstances" || action == "StopInstances";
            if let Some((clock, by)) = world.slow.as_ref().filter(|_| is_order) {
                clock.advance(*by);
            }
            let is_stuck = is_order && world.stuck.is_some_and(|stuck| ids(&value).iter().any(|id| id == stuck));
            let refused = refused.or(is_stuck.then_some(("stuck", "InsufficientInstanceCapacity")));
            refused.map(|(_, code)| Fault::Error(400, code)).or_else(|| world.fault.clone())
        };
        if of_events.is_some() {
            let (status, body) = match fault {
                Some(_) => (400, r#"{"__type":"AccessDeniedException"}"#),
                None => (200, r#"{"RuleArn":"arn","FailedEntryCount":0,"FailedEntries":[]}"#),
            };
            return answer(status, body.to_owned());
        }
        match fault {
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Answer(status, body)) => return answer(status, body.to_owned()),
            Some(Fault::Error(status, code)) => {
                let error = format!("<Error><Code>{code}</Code><Message>arn:aws:secret /var/task</Message></Error>");
                return answer(
                    status,
                    format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"),
                );
            }
            Some(Fault::Huge) => {
                let padding = " ".repeat(10 << 20);
                return answer(200, format!("<DescribeInstancesResponse>{padding}</DescribeInstancesResponse>"));
            }
            None => (),
        }
        let mut world = self.0.lock().unwrap();
        match action.as_str() {
            "DescribeInstances" => {
                assert_eq!(value("Filter.1.Name").as_deref(), Some("tag:atelier:stack"));
                assert_eq!(value("Filter.2.Value.1").as_deref(), Some("instance"));
                let page = value("NextToken").map_or(1, |token| token.parse().unwrap());
                answer(200, if page < world.pages { next_page(page + 1) } else { world.describe() })
            }
            "StartInstances" => answer(200, world.change(&ids(&value), "stopped", "pending", "Start")),
            "StopInstances" => answer(200, world.change(&ids(&value), "running", "stopping", "Stop")),
            "RebootInstances" => {
                assert_eq!(world.of(&value("InstanceId.1").unwrap()).state, "running");
                done("RebootInstances")
            }
            "ModifyInstanceAttribute" => {
                let instance = world.of(&value("InstanceId").unwrap());
                assert_eq!(instance.state, "stopped", "the handler looks at the state first");
                instance.kind = value("InstanceType.Value").unwrap().leak();
                done("ModifyInstanceAttribute")
            }
            "DescribeInstanceTypes" => types(value("InstanceType.1").as_deref(), value("Filter.1.Value.1").as_deref()),
            "CreateTags" => {
                for number in 1.. {
                    let Some(key) = value(&format!("Tag.{number}.Key")) else { break };
                    let text = value(&format!("Tag.{number}.Value")).unwrap();
                    for id in (1..).map_while(|number| value(&format!("ResourceId.{number}"))) {
                        world.of(&id).tags.insert(key.clone(), text.clone());
                    }
                }
                done("CreateTags")
            }
            "DeleteTags" => {
                for key in (1..).map_while(|number| value(&format!("Tag.{number}.Key"))) {
                    world.of(&value("ResourceId.1").unwrap()).tags.remove(&key);
                }
                done("DeleteTags")
            }
            other => panic!("the handler has no business with `{other}`"),
        }
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        answer(rejection.status().as_u16(), rejection.to_string())
    }
}

impl World {
    fn describe(&mut self) -> String {
        self.looked += 1;
        if self.looked >= self.looks {
            for instance in &mut self.instances {
                instance.state = match instance.state {
                    "pending" => "running",
                    "stopping" => "stopped",
                    settled => settled,
                };
            }
        }
        let mut items = String::new();
        for FakeInstance { id, state, launched, stack, kind, tags: others } in &self.instances {
            let others: Vec<String> = others
                .iter()
                .map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>"))
                .collect();
            let others = others.concat();
            let tags = format!(
                "<item><key>atelier:stack</key><value>{stack}</value></item>\
                 <item><key>atelier:part</key><value>instance</value></item>{others}"
            );
            write!(
                items,
                "<item><instancesSet><item><instanceId>{id}</instanceId><instanceState><code>16</code>\
                 <name>{state}</name></instanceState><instanceType>{kind}</instanceType><architecture>x86_64</architecture>\
                 <launchTime>{launched}</launchTime><tagSet>{tags}</tagSet></item></instancesSet></item>"
            )
            .unwrap();
        }
        format!(
            "<DescribeInstancesResponse><requestId>r</requestId><reservationSet>{items}</reservationSet>\
             </DescribeInstancesResponse>"
        )
    }

    fn of(&mut self, id: &str) -> &mut FakeInstance {
        self.instances.iter_mut().find(|instance| instance.id == id).unwrap()
    }

    fn change(&mut self, ids: &[String], from: &str, to: &'static str, verb: &str) -> String {
        self.looked = 0;
        let mut items = String::new();
        for id in ids {
            let instance = self.of(id);
            assert_eq!(instance.state, from, "the handler looks at the state first");
            instance.state = to;
            write!(
                items,
                "<item><instanceId>{id}</instanceId><currentState><code>0</code><name>{to}</name></currentState></item>"
            )
            .unwrap();
        }
        format!("<{verb}InstancesResponse><instancesSet>{items}</instancesSet></{verb}InstancesResponse>")
    }
}

/// The instances that a call names.
fn ids(value: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    (1..).map_while(|number| value(&format!("InstanceId.{number}"))).collect()
}

/// The answer of an operation that only tells that it was done.
fn done(operation: &str) -> Response {
    answer(200, format!("<{operation}Response><requestId>r</requestId><return>true</return></{operation}Response>"))
}

/// Two families, one of them for other processors.
fn types(name: Option<&str>, pattern: Option<&str>) -> Response {
    let all = [("t3.small", "x86_64"), ("t3.micro", "x86_64"), ("t4g.small", "arm64")];
    let of = |wanted: &(&str, &str)| match (name, pattern) {
        (Some(name), _) => wanted.0 == name,
        (None, Some(pattern)) => wanted.1 == "x86_64" && wanted.0.starts_with(pattern.trim_end_matches('*')),
        (None, None) => true,
    };
    let found: Vec<_> = all.into_iter().filter(of).collect();
    if name.is_some() && found.is_empty() {
        let error = "<Error><Code>InvalidInstanceType</Code><Message>arn:aws:secret</Message></Error>";
        return answer(400, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"));
    }
    let items: Vec<String> = found
        .iter()
        .map(|(name, architecture)| {
            format!(
                "<item><instanceType>{name}</instanceType><processorInfo><supportedArchitectures><item>{architecture}\
                 </item></supportedArchitectures></processorInfo></item>"
            )
        })
        .collect();
    let items = items.concat();
    answer(
        200,
        format!(
            "<DescribeInstanceTypesResponse><requestId>r</requestId><instanceTypeSet>{items}</instanceTypeSet>\
             </DescribeInstanceTypesResponse>"
        ),
    )
}

/// A page without instances that is not the last one.
fn next_page(token: usize) -> String {
    format!(
        "<DescribeInstancesResponse><requestId>r</requestId><reservationSet/><nextToken>{token}</nextToken>\
         </DescribeInstancesResponse>"
    )
}

fn answer(status: u16, body: String) -> Response {
    http::Response::builder().status(status).header("content-type", "text/xml").body(Bytes::from(body)).unwrap()
}
