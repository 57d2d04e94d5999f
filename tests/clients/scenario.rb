# What a program with the AWS SDK for Ruby does with an engine. Of the SDK's services Debian packages STS alone among those
# that an engine has; another service is called as the SDK's signer lets one. The first surprise ends it.
require 'aws-sdk-core'
require 'json'
require 'net/http'

endpoint = ENV.fetch('AWS_ENDPOINT_URL')
region = ENV.fetch('AWS_REGION')
sts = Aws::STS::Client.new(endpoint: endpoint)
puts "identity #{sts.get_caller_identity.account}"

begin
  Aws::STS::Client.new(endpoint: endpoint, access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'x').get_caller_identity
  abort 'a stranger was let in'
rescue Aws::STS::Errors::InvalidClientTokenId => e
  puts "stranger #{e.message[0, 20]}"
end

begin
  sts.assume_role(role_arn: 'arn:aws:iam::000000000000:role/none', role_session_name: 'ruby')
  abort 'a role that is not there was assumed'
rescue Aws::STS::Errors::AccessDenied
  puts 'role'
end

def signed(method, url, service, region, headers = {}, body = nil)
  credentials = Aws::Credentials.new(ENV.fetch('AWS_ACCESS_KEY_ID'), ENV.fetch('AWS_SECRET_ACCESS_KEY'))
  signer = Aws::Sigv4::Signer.new(service: service, region: region, credentials_provider: credentials)
  signature = signer.sign_request(http_method: method, url: url, headers: headers, body: body)
  uri = URI(url)
  request = Net::HTTP.const_get(method.capitalize).new(uri, headers.merge(signature.headers))
  request.body = body
  Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
end

answer = signed('GET', "#{endpoint}/2015-03-31/functions?MaxItems=10", 'lambda', region)
abort "lambda answered #{answer.code} #{answer.body}" unless answer.code == '200' && JSON.parse(answer.body)['Functions']
puts 'functions'

headers = { 'content-type' => 'application/x-amz-json-1.1', 'x-amz-target' => 'Logs_20140328.CreateLogGroup' }
answer = signed('POST', "#{endpoint}/", 'logs', region, headers, JSON.generate(logGroupName: 'ruby'))
abort "logs answered #{answer.code} #{answer.body}" unless answer.code == '200'
answer = signed('POST', "#{endpoint}/", 'logs', region, headers, JSON.generate(logGroupName: 'ruby'))
abort "logs answered #{answer.code} #{answer.body}" unless answer.code == '400' && answer.body.include?('ResourceAlreadyExistsException')
puts 'logs'
