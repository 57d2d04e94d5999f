//! One answer and one refusal in each protocol, as they are on the wire: every header and every byte.

use super::cloud::config;
use atelier::{
    clock::Clock,
    edge::{AwsCall, Upstream, keyring::Keyring},
    emulator::Emulator,
    http1::Response,
};
use bytes::Bytes;

/// A call, and what is answered to it.
struct Golden {
    service: &'static str,
    line: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
    status: u16,
    /// In the order of their names, without the id of the request.
    answered: &'static [(&'static str, &'static str)],
    answer: &'static [u8],
}

const GOLDEN: [Golden; 13] = [
    Golden {
        service: "ec2",
        line: ("POST", "/"),
        headers: &[],
        body: b"Action=GetEbsEncryptionByDefault&Version=2016-11-15",
        status: 200,
        answered: &[("content-type", "text/xml;charset=UTF-8")],
        answer: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetEbsEncryptionByDefaultResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>golden</requestId><ebsEncryptionByDefault>false</ebsEncryptionByDefault><sseType>none</sseType></GetEbsEncryptionByDefaultResponse>",
    },
    Golden {
        service: "ec2",
        line: ("POST", "/"),
        headers: &[],
        body: b"Action=FooBar&Version=2016-11-15",
        status: 400,
        answered: &[("content-type", "text/xml;charset=UTF-8")],
        answer: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidAction</Code><Message>The action FooBar is not valid for this web service.</Message></Error></Errors><RequestID>golden</RequestID></Response>",
    },
    Golden {
        service: "sts",
        line: ("POST", "/"),
        headers: &[],
        body: b"Action=GetCallerIdentity&Version=2011-06-15",
        status: 200,
        answered: &[("content-type", "text/xml")],
        answer: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:root</Arn><UserId>000000000000</UserId><Account>000000000000</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>golden</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
    },
    Golden {
        service: "iam",
        line: ("POST", "/"),
        headers: &[],
        body: b"Action=FooBar&Version=2010-05-08",
        status: 400,
        answered: &[("content-type", "text/xml")],
        answer: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>Could not find operation FooBar for version 2010-05-08</Message></Error><RequestId>golden</RequestId></ErrorResponse>",
    },
    Golden {
        service: "monitoring",
        line: ("POST", "/"),
        headers: &[],
        body: b"Action=ListDashboards&Version=2010-08-01",
        status: 200,
        answered: &[("content-type", "text/xml")],
        answer: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListDashboardsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ListDashboardsResult><DashboardEntries></DashboardEntries></ListDashboardsResult><ResponseMetadata><RequestId>golden</RequestId></ResponseMetadata></ListDashboardsResponse>",
    },
    Golden {
        service: "monitoring",
        line: ("POST", "/"),
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "GraniteServiceVersion20100801.ListDashboards"),
        ],
        body: b"{}",
        status: 200,
        answered: &[("content-type", "application/x-amz-json-1.0")],
        answer: b"{\"DashboardEntries\":[]}",
    },
    Golden {
        service: "monitoring",
        line: ("POST", "/service/GraniteServiceVersion20100801/operation/ListDashboards"),
        headers: &[("smithy-protocol", "rpc-v2-cbor")],
        body: b"\xa0",
        status: 200,
        answered: &[("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")],
        // A map of one, a text of 16 bytes, a list of none.
        answer: b"\xa1\x70DashboardEntries\x80",
    },
    Golden {
        service: "monitoring",
        line: ("POST", "/service/GraniteServiceVersion20100801/operation/FooBar"),
        headers: &[("smithy-protocol", "rpc-v2-cbor")],
        body: b"\xa0",
        status: 400,
        answered: &[
            ("content-type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
            ("x-amzn-query-error", "UnknownOperationException;Sender"),
        ],
        answer: b"\xa2\x66__type\x78\x19UnknownOperationException\x67message\x78\x1dThere is no operation FooBar.",
    },
    Golden {
        service: "logs",
        line: ("POST", "/"),
        headers: &[("x-amz-target", "Logs_20140328.DescribeLogGroups")],
        body: b"{}",
        status: 200,
        answered: &[("content-type", "application/x-amz-json-1.1")],
        answer: b"{\"logGroups\":[]}",
    },
    Golden {
        service: "logs",
        line: ("POST", "/"),
        headers: &[("x-amz-target", "Logs_20140328.FooBar")],
        body: b"{}",
        status: 400,
        answered: &[
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amzn-errortype", "UnknownOperationException"),
        ],
        answer: b"{\"__type\":\"UnknownOperationException\",\"message\":\"There is no operation FooBar.\"}",
    },
    Golden {
        service: "lambda",
        line: ("GET", "/2015-03-31/functions"),
        headers: &[],
        body: b"",
        status: 200,
        answered: &[("content-type", "application/json")],
        answer: b"{\"Functions\":[]}",
    },
    Golden {
        service: "apigateway",
        line: ("GET", "/restapis"),
        headers: &[],
        body: b"",
        status: 200,
        answered: &[("content-type", "application/json")],
        answer: b"{\"item\":[]}",
    },
    Golden {
        service: "apigateway",
        line: ("GET", "/restapis/none"),
        headers: &[],
        body: b"",
        status: 404,
        answered: &[("content-type", "application/json"), ("x-amzn-errortype", "NotFoundException")],
        answer: b"{\"message\":\"Invalid API identifier specified 000000000000:none\"}",
    },
];

async fn answer(golden: &Golden) -> Response {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "http://127.0.0.1:1", Clock::System, Keyring::default());
    let (method, path) = golden.line;
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in golden.headers {
        request = request.header(*name, *value);
    }
    let call = AwsCall {
        request_id: "golden".to_owned(),
        service: golden.service.to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: "AKIATEST".to_owned(),
        request: request.body(Bytes::from_static(golden.body)).unwrap(),
    };
    Emulator::open(config).unwrap().aws(call).await
}

#[tokio::test]
async fn each_protocol_answers_with_these_bytes() {
    for golden in &GOLDEN {
        let (what, answer) = (format!("{} {:?}", golden.service, golden.line), answer(golden).await);
        assert_eq!(answer.status(), golden.status, "{what}");
        let mut headers: Vec<_> =
            answer.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        let mut expected = [golden.answered, &[("x-amzn-requestid", "golden")]].concat();
        expected.sort_unstable();
        assert_eq!(headers, expected, "{what}");
        assert_eq!(answer.body().escape_ascii().to_string(), golden.answer.escape_ascii().to_string(), "{what}");
    }
}
