// What a program with the AWS SDK for Go does with an engine: instances with waiters and pages, a role, a function, an
// API. Prints one line per step; the first surprise ends it.
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/apigateway"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go/service/ec2"
	"github.com/aws/aws-sdk-go/service/iam"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/aws/aws-sdk-go/service/sts"
)

const bootstrap = `#!/bin/sh
while :; do
  id=$(curl -s -D - -o event "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" | tr -d '\r' |
    sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  echo "seen $(cat event)"
  curl -s -d '{"hello":"go"}' "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" >/dev/null
done
`

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// The SDK's waiters look every 15 seconds, the cloud's pace.
var soon = request.WithWaiterDelay(request.ConstantWaiterDelay(200 * time.Millisecond))

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(holds bool, what string, values ...interface{}) {
	if !holds {
		fmt.Fprintf(os.Stderr, what+"\n", values...)
		os.Exit(1)
	}
}

func code(err error) string {
	if failure, is := err.(awserr.Error); is {
		return failure.Code()
	}
	return fmt.Sprint(err)
}

func instances(client *ec2.EC2) {
	ran, err := client.RunInstances(&ec2.RunInstancesInput{
		ImageId: aws.String("ami-ff0fea8310f3"), InstanceType: aws.String("t3.micro"),
		MinCount: aws.Int64(5), MaxCount: aws.Int64(5),
		TagSpecifications: []*ec2.TagSpecification{{
			ResourceType: aws.String("instance"),
			Tags:         []*ec2.Tag{{Key: aws.String("by"), Value: aws.String("go")}},
		}},
	})
	must(err)
	var ids []*string
	for _, instance := range ran.Instances {
		ids = append(ids, instance.InstanceId)
	}
	must(client.WaitUntilInstanceRunningWithContext(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: ids}, soon))
	filter := &ec2.DescribeInstancesInput{
		MaxResults: aws.Int64(5),
		Filters:    []*ec2.Filter{{Name: aws.String("tag:by"), Values: []*string{aws.String("g*")}}},
	}
	found := 0
	must(client.DescribeInstancesPages(filter, func(page *ec2.DescribeInstancesOutput, last bool) bool {
		for _, reservation := range page.Reservations {
			found += len(reservation.Instances)
		}
		return true
	}))
	check(found == 5, "5 instances ran, %d were found", found)
	_, err = client.StopInstances(&ec2.StopInstancesInput{InstanceIds: ids[:1]})
	must(err)
	must(client.WaitUntilInstanceStoppedWithContext(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: ids[:1]}, soon))
	_, err = client.StopInstances(&ec2.StopInstancesInput{InstanceIds: ids[:1], DryRun: aws.Bool(true)})
	check(code(err) == "DryRunOperation", "a dry run: %v", err)
	_, err = client.DescribeInstances(&ec2.DescribeInstancesInput{InstanceIds: []*string{aws.String("i-0123456789abcdef0")}})
	check(code(err) == "InvalidInstanceID.NotFound", "an instance that is not there: %v", err)
	_, err = client.TerminateInstances(&ec2.TerminateInstancesInput{InstanceIds: ids})
	must(err)
	must(client.WaitUntilInstanceTerminatedWithContext(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: ids}, soon))
}

func function(roles *iam.IAM, functions *lambda.Lambda, logs *cloudwatchlogs.CloudWatchLogs) {
	role, err := roles.CreateRole(&iam.CreateRoleInput{RoleName: aws.String("go"), AssumeRolePolicyDocument: aws.String(trust)})
	must(err)
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	file, err := writer.CreateHeader(header)
	must(err)
	_, err = io.WriteString(file, bootstrap)
	must(err)
	must(writer.Close())
	_, err = functions.CreateFunction(&lambda.CreateFunctionInput{
		FunctionName: aws.String("go"), Role: role.Role.Arn, Runtime: aws.String("provided.al2"),
		Handler: aws.String("bootstrap"), Code: &lambda.FunctionCode{ZipFile: archive.Bytes()},
	})
	must(err)
	must(functions.WaitUntilFunctionActive(&lambda.GetFunctionConfigurationInput{FunctionName: aws.String("go")}))
	invoked, err := functions.Invoke(&lambda.InvokeInput{FunctionName: aws.String("go"), Payload: []byte(`{"from":"go"}`)})
	must(err)
	check(string(invoked.Payload) == `{"hello":"go"}`, "the function answered %s", invoked.Payload)
	_, err = functions.GetFunction(&lambda.GetFunctionInput{FunctionName: aws.String("none")})
	check(code(err) == "ResourceNotFoundException", "a function that is not there: %v", err)
	// Logs arrive a moment after the answer.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		seen, err := logs.FilterLogEvents(&cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: aws.String("/aws/lambda/go"), FilterPattern: aws.String("seen"),
		})
		if err == nil && len(seen.Events) == 1 {
			return
		}
		check(time.Now().Before(deadline), "the function's line is not in its log: %v", err)
	}
}

func api(client *apigateway.APIGateway, endpoint string) {
	created, err := client.CreateRestApi(&apigateway.CreateRestApiInput{Name: aws.String("go")})
	must(err)
	id := created.Id
	resources, err := client.GetResources(&apigateway.GetResourcesInput{RestApiId: id})
	must(err)
	root := resources.Items[0].Id
	method, ok := aws.String("GET"), aws.String("200")
	_, err = client.PutMethod(&apigateway.PutMethodInput{RestApiId: id, ResourceId: root, HttpMethod: method, AuthorizationType: aws.String("NONE")})
	must(err)
	_, err = client.PutIntegration(&apigateway.PutIntegrationInput{
		RestApiId: id, ResourceId: root, HttpMethod: method, Type: aws.String("MOCK"),
		RequestTemplates: map[string]*string{"application/json": aws.String(`{"statusCode": 200}`)},
	})
	must(err)
	_, err = client.PutMethodResponse(&apigateway.PutMethodResponseInput{RestApiId: id, ResourceId: root, HttpMethod: method, StatusCode: ok})
	must(err)
	_, err = client.PutIntegrationResponse(&apigateway.PutIntegrationResponseInput{
		RestApiId: id, ResourceId: root, HttpMethod: method, StatusCode: ok,
		ResponseTemplates: map[string]*string{"application/json": aws.String(`{"hello": "gateway"}`)},
	})
	must(err)
	_, err = client.CreateDeployment(&apigateway.CreateDeploymentInput{RestApiId: id, StageName: aws.String("dev")})
	must(err)
	answer, err := http.Get(fmt.Sprintf("%s/restapis/%s/dev/_user_request_/", endpoint, *id))
	must(err)
	body, err := io.ReadAll(answer.Body)
	must(err)
	check(answer.StatusCode == 200 && strings.Contains(string(body), "gateway"), "the API answered %d %s", answer.StatusCode, body)
}

func main() {
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	// Version 1 of this SDK does not read the variable.
	client := session.Must(session.NewSession(&aws.Config{Endpoint: aws.String(endpoint)}))
	who, err := sts.New(client).GetCallerIdentity(&sts.GetCallerIdentityInput{})
	must(err)
	fmt.Println("identity", *who.Account)
	instances(ec2.New(client))
	fmt.Println("instances")
	function(iam.New(client), lambda.New(client), cloudwatchlogs.New(client))
	fmt.Println("function")
	api(apigateway.New(client), endpoint)
	fmt.Println("api")
}
