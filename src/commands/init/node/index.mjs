// The function behind the API: `atelier deploy --watch` ships it whenever it is saved.

// Answers one request; `event` is what API Gateway hands to a function.
export const handler = async (event) => {
  const query = event.queryStringParameters ?? {};
  switch (event.path) {
    case "/":
      return answer(200, { message: `hello ${query.name ?? "world"}` });
    case "/instance":
      // The stack's EC2 instance, for the clients of `@aws-sdk/client-ec2`.
      return answer(200, { instance_id: process.env.INSTANCE_ID });
    default:
      return answer(404, { error: "not found" });
  }
};

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
