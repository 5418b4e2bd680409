"""AWS's messages as it writes them, with the cause that each shows, row by row.

NAME stands for what others choose: services, images, secrets, alarms. The texts are those of the
pages that `canary.control_plane.aws_lists` names, and of services that ran.
"""

from __future__ import annotations

NAME = "{name}"
SERVICE = "(service {name})"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/73e2d6bc24d8a067"
TASK = "0a1b2c3d4e5f40718293a4b5c6d7e8f9"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf"
ROLE = "arn:aws:sts::123456789012:assumed-role/{name}/" + TASK
INIT = "ResourceInitializationError: "
AUTH = INIT + "unable to pull secrets or registry auth: "
OLD = AUTH + "execution resource retrieval failed: unable to retrieve secret from asm: "
SSM = AUTH + "execution resource retrieval failed: unable to retrieve secrets from ssm: "
ONCE = "service call has been retried 1 time(s): "
FETCH = f"failed to fetch secret {SECRET} from secrets manager: "
API = (
    "operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400,"
    " RequestID: 7a1f, api error "
)
PULL = "CannotPullContainerError: "
MANIFEST = PULL + "pull image manifest has been retried 1 time(s): "
REF = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}:latest"
CONTAINER = "CannotStartContainerError: ResourceInitializationError: failed to create new container"
SUBNET = (
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment"
    " enabled in subnet 'subnet-0a1b'"
)
DENIED = (
    f"AccessDeniedException: User: {ROLE} is not authorized to perform:"
    f" secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy allows"
    " the secretsmanager:GetSecretValue action"
)
WAY, ROOM, QUOTA = "security-group-blocked", "capacity-unavailable", "quota-reached"
STUCK, IMAGE, SECRETS = "deployment-stuck", "image-pull-failed", "secret-unavailable"
ROLES, LOGS, VOLUME = "execution-role-denied", "log-group-missing", "volume-unavailable"

PLACEMENT: tuple[tuple[str, str], ...] = (
    ("Capacity is unavailable at this time. Please try again later or in a different availability"
     " zone", ROOM),
    ("You've reached the limit on the number of tasks you can run concurrently", QUOTA),
    ("You\u2019ve reached the limit on the number of vCPUs you can run concurrently", QUOTA),
    ("The requested CPU configuration is above your limit.", QUOTA),
    ("The requested MEMORY configuration is above your limit.", QUOTA),
    ("Internal error.", ROOM),
    ("Your Spot Task was interrupted.", ROOM),
    (f"{SUBNET}: InsufficientFreeAddressesInSubnet", "subnet-full"),
    (f"TaskFailedToStart: {SUBNET}: InsufficientFreeAddressesInSubnet", "subnet-full"),
    (f"{SUBNET}: InvalidSubnetID.NotFound", STUCK),
    (SUBNET, "subnet-full"),
    ("Unable to attach network interface to unused device index", ROOM),
    ("The selected task definition is not compatible with the selected compute strategy", STUCK),
    ("RESOURCE:CPU", ROOM),
    ("RESOURCE:ENI", ROOM),
    ("TaskFailedToStart: RESOURCE:MEMORY", ROOM),
    ("RESOURCE:FARGATE", ROOM),
    ("AGENT", ROOM),
    ("TaskFailedToStart: AGENT", ROOM),
    ("TaskFailedToStart: MemberOf placement constraint unsatisfied", ROOM),
    ("TaskFailedToStart: ATTRIBUTE", ROOM),
    ("LOCATION", ROOM),
    ("TaskFailedToStart: NO ACTIVE INSTANCES", ROOM),
    ("TaskFailedToStart: EMPTY CAPACITY PROVIDER", ROOM),
    ("No Container Instances were found in your cluster.", ROOM),
    ("Timeout waiting for network interface provisioning to complete.", STUCK),
    ("Timeout waiting for EphemeralStorage provisioning to complete.", STUCK),
)  # fmt: skip

PULLS: tuple[tuple[str, str], ...] = (
    (f"{MANIFEST}image Manifest does not contain descriptor matching platform 'linux/amd64'",
     "image-wrong-architecture"),
    (f"{PULL}The task cannot pull {REF} from the Amazon ECR repository {REF}. There is a connection"
     " issue between the task and Amazon ECR. Check your task network configuration.", WAY),
    (f"{PULL}The task can’t pull the image {REF}. Check your network configuration", WAY),
    (f"{PULL}The task can't pull the image. Check that the role has the permissions to pull images"
     " from the registry.", ROLES),
    (f"{PULL}Error response from daemon: AccessDeniedException: no", ROLES),
    (f"{PULL}User: {ROLE} is not authorized to perform: ecr:BatchGetImage on resource: x", ROLES),
    (f"{PULL}ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open:"
     ' failed to do request: Get "https://prod-layers.s3.amazonaws.com/{name}": dial tcp'
     " 52.216.1.2:443: i/o timeout", WAY),
    (f'{MANIFEST}failed to resolve ref {REF}: failed to do request: Head "https://{REF}": dial tcp'
     " 44.213.79.104:443: i/o timeout", WAY),
    (f"{PULL}API error (500): Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/:"
     " net/http: request canceled while waiting for connection", WAY),
    (f"{PULL}Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: request"
     " canceled while waiting for connection", WAY),
    (f"{PULL}ref pull has been retried 1 time(s): context deadline exceeded", WAY),
    (f"{PULL}context canceled", WAY),
    (f"{PULL}pull command failed: panic: runtime error: invalid memory address or nil pointer"
     " dereference", WAY),
    (f"{PULL}write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device", IMAGE),
    (f"{PULL}ERROR: toomanyrequests: Too Many Requests.", IMAGE),
    (f"{PULL}You have reached your pull rate limit. You may increase the limit", IMAGE),
    (f"{MANIFEST}failed to resolve ref {REF}: not found", IMAGE),
    (f"{MANIFEST}failed to resolve ref docker.io/library/{NAME}:latest: pull access denied,"
     " repository does not exist or may require authorization: server message:"
     " insufficient_scope: authorization failed", IMAGE),
    (f"{PULL}ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open:"
     " unexpected status code https://{name}: 403 Forbidden", IMAGE),
    (f"{PULL}pull access denied for {NAME}, repository does not exist", IMAGE),
    (f"{PULL}error pulling image configuration: Get https://{NAME}", IMAGE),
    (f"{PULL}API error (500): no such image", IMAGE),
    (f"{PULL}image {REF} is odd", IMAGE),
    (f"CannotPullECRContainerError: AccessDenied for {NAME}", IMAGE),
    (f"CannotPullImageManifestError: Error response from daemon for {NAME}", IMAGE),
)  # fmt: skip

STARTS: tuple[tuple[str, str], ...] = (
    (f"{OLD}{ONCE}retrieved secret from Secrets Manager did not contain json key {NAME}", SECRETS),
    (f"{OLD}{ONCE}invalid character 'p' in literal true (expecting 'r')", SECRETS),
    (f"{SSM}{ONCE}invalid parameters: /{NAME}/password", SECRETS),
    (f"{OLD}{ONCE}unexpected ARN format with parameters when trying to retrieve ASM secret",
     SECRETS),
    (f"{OLD}{ONCE}{FETCH}{API}{DENIED}", ROLES),
    (f"{OLD}{ONCE}{FETCH}AccessDeniedException: Access to KMS is not allowed", ROLES),
    (f"{SSM}{ONCE}AccessDeniedException: User: {ROLE} is not authorized to perform:"
     " ssm:GetParameters on resource: arn:aws:ssm:us-east-1:123456789012:parameter/{name}", ROLES),
    (f"{AUTH}User: {ROLE} is not authorized to perform: ecr:GetAuthorizationToken", ROLES),
    (f"AccessDeniedException: User: {ROLE} is not authorized to perform: x:Y", ROLES),
    ("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/{name}' that was provided"
     " for this task.", ROLES),
    (f"{AUTH}The task can't retrieve the secret with ARN '{SECRET}' from AWS Secrets Manager. Check"
     " whether the secret exists in the specified Region", SECRETS),
    (f"ResourceNotFoundException: The task can't retrieve the secret with ARN '{SECRET}' from AWS"
     " Secrets Manager. Check whether the secret exists in the specified Region", SECRETS),
    (f"{AUTH}unable to retrieve secret from asm: There is a connection issue between the task and"
     f" AWS Secrets Manager. Check your task network configuration. {FETCH}operation error Secrets"
     " Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context"
     " deadline exceeded", WAY),
    (f"{AUTH}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems"
     " Manager. There is a connection issue between the task and AWS Systems Manager Parameter"
     " Store. Check your task network configuration.", WAY),
    (f"{AUTH}The task cannot pull secrets from AWS Systems Manager Parameter Store. Check your"
     " network connection between the task and AWS Systems Manager.", WAY),
    (f"{AUTH}The task cannot pull registry auth from Amazon ECR: There is a connection issue "
     "between the task and Amazon ECR. Check your task network configuration. operation error ECR:"
     " GetAuthorizationToken, exceeded maximum number of attempts, 3", WAY),
    (f"{INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log group"
     " defined in the task definition. There is a connection issue between the task and Amazon"
     " CloudWatch. Check your network configuration. : signal: killed.", LOGS),
    (f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to"
     " create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not"
     " exist. : exit status 1", LOGS),
    (f"{INIT}failed to create: the log group does not exist", LOGS),
    (f"{INIT}failed to initialize logging driver: {NAME}", LOGS),
    (f"{INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4:"
     " access denied by server while mounting 127.0.0.1:/'", VOLUME),
    (f"{INIT}failed to download env files: service call has been retried 1 time(s): operation"
     " error S3: HeadObject, https response error StatusCode: 403, api error Forbidden: Forbidden",
     ROLES),
    (f"{OLD}{ONCE}{FETCH}{API}ResourceNotFoundException: Secrets Manager can't find the specified"
     " secret.", SECRETS),
    (f"{OLD}{ONCE}{FETCH}{API}InvalidRequestException: You can't perform this operation on the"
     " secret because it was marked for deletion.", SECRETS),
    (f"{SSM}{ONCE}ParameterNotFound: /{NAME}", SECRETS),
    (f"{OLD}service call has been retried 5 time(s): {FETCH}RequestCanceled: request context"
     " canceled caused by: context deadline exceeded.", WAY),
    (f'{AUTH}RequestError: send request failed caused by: Post "https://api.ecr": dial tcp'
     " 54.180.1.2:443: i/o timeout", WAY),
    (f"{INIT}pull command failed: unable to pull secrets or registry auth Check your task network"
     " configuration.", WAY),
    (f"{AUTH}something else", SECRETS),
    (f"{INIT}something else", STUCK),
    ("OutOfMemoryError: Container killed due to memory usage", "task-out-of-memory"),
    (f"{CONTAINER} runtime task: exec /{NAME}: exec format error", "image-wrong-architecture"),
    (f'{CONTAINER} runtime task: runc create failed: unable to start container process: exec:'
     ' "{name}": executable file not found in $PATH', "task-crash-loop"),
    ("CannotStartContainerError: failed to get container status: {name}", "task-crash-loop"),
    ("CannotStartContainerError: Error response from daemon: {name}", "task-crash-loop"),
    ("CannotCreateContainerError: API error (500): devmapper", STUCK),
    ("CannotCreateVolumeError: Get http://{name}: no", VOLUME),
    ("CannotStopContainerError: failed sending SIGTERM to container: {name}", ""),
    ("CannotInspectContainerError: {name}", STUCK),
    ("ContainerRuntimeError: {name}", STUCK),
    ("ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m:"
     " {name}", STUCK),
    ("DockerTimeoutError: Could not transition to running; timed out after waiting 3m0s", STUCK),
    ("InternalError: {name}", STUCK),
    ("TaskFailedToStart: InternalError: {name}", STUCK),
)  # fmt: skip

_NO_INSTANCE = (
    f"{SERVICE} was unable to place a task because no container instance met all of its"
    " requirements."
)
_CLOSEST = f"{_NO_INSTANCE} The closest matching (container-instance {TASK})"
HINDERED: tuple[tuple[str, str], ...] = (
    (f"{SERVICE} was unable to place a task. Reason: {{name}}.", STUCK),
    (f"{SERVICE} failed to launch a task with (error {{name}}).", STUCK),
    (f"{_CLOSEST} has insufficient CPU units available.", ROOM),
    ("service {name} was unable to place a task because no container instance met all of its"
     " requirements. The closest matching container-instance 0a has insufficient memory available."
     " For more information, see the Troubleshooting section.", ROOM),
    (f'{_CLOSEST} encountered error "AGENT".', ROOM),
    (f"{_CLOSEST} doesn't have the agent connected.", ROOM),
    (f"{_CLOSEST} is already using a port required by your task.", ROOM),
    (f"{_CLOSEST} is missing an attribute required by your task.", ROOM),
    (f'{_CLOSEST} encountered error "RESOURCE:ENI".', ROOM),
    (f"{_NO_INSTANCE} Reason: No Container Instances were found in your cluster.", ROOM),
    (f"{SERVICE} was unable to place tasks in your cluster because the tasks provisioning capacity"
     " limit was exceeded.", QUOTA),
    (f"{SERVICE} was unable to place a task because of something else", STUCK),
    (f"{SERVICE} is unable to consistently start tasks successfully. For more information, see the"
     " Troubleshooting section of the Amazon ECS Developer Guide.", STUCK),
    (f"{SERVICE} operations are being throttled. Will try again later.", QUOTA),
    (f"{SERVICE} was unable to stop or start tasks during a deployment because of the service"
     " deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try"
     " again.", STUCK),
    (f"{SERVICE} was unable to reach steady state because task set (ecs-svc/1) was unable to scale"
     " in. Reason: The number of protected tasks are more than the desired count of tasks", STUCK),
    (f"{SERVICE} was unable to reach steady state. Reason: No Container Instances were found in"
     " your capacity provider.", ROOM),
    (f"{SERVICE} could not launch 2 tasks for deployment ecs-svc/1.", ROOM),
    (f"{SERVICE} Timed out waiting for Amazon ECS Agent to start. Please check logs at"
     ' /var/log/ecs/ecs-agent.log".', ROOM),
    ("IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain"
     " your service", STUCK),
    ("IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your"
     " service", STUCK),
)  # fmt: skip

_REASON = "due to (reason Health checks failed with these codes: [404])"
UNHEALTHY: tuple[tuple[str, str], ...] = (
    (f"{SERVICE} (task {TASK}) (port 8080) is unhealthy in (target-group {GROUP}) {_REASON}.",
     "targets-unhealthy"),
    ("(service {name}, taskSet ecs-svc/1) (task 0a) (instance i-1) (port 80) is unhealthy in"
     f" (target-group {GROUP}) {_REASON}", "targets-unhealthy"),
    (f"{SERVICE} (instance i-1) (port 80) is unhealthy in (target-group {GROUP}) {_REASON}",
     "targets-unhealthy"),
    (f"{SERVICE} (port 80) is unhealthy in (target-group {GROUP}) {_REASON}", "targets-unhealthy"),
    (f"{SERVICE} (task {TASK}) (instance i-1) is unhealthy in (elb {{name}}) due to (reason"
     " Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)",
     "targets-unhealthy"),
    (f"{SERVICE} task set (ecs-svc/1) (task {TASK}) is not healthy in target-group ({GROUP})) due"
     " to TARGET GROUP IS NOT FOUND.", "targets-unhealthy"),
    (f"{SERVICE} task set (ecs-svc/1) (task {TASK}) is not healthy in target-group ({GROUP})) due"
     " to TARGET IS NOT FOUND.", "targets-unhealthy"),
    (f"{SERVICE} (task {TASK}) failed container health checks.", "health-check-mismatch"),
)  # fmt: skip

_DEPLOYMENT = f"{SERVICE} (deployment ecs-svc/2)"
ROLLOUTS: tuple[tuple[str, str], ...] = (
    (f"{SERVICE} rolling back to deployment ecs-svc/1.", "deployment-rolled-back"),
    ("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.",
     "deployment-rolled-back"),
    (f"{_DEPLOYMENT} deployment failed: tasks failed to start.", STUCK),
    (f"{_DEPLOYMENT} deployment failed: alarm detected.", STUCK),
    (f"{SERVICE} deployment failed: tasks failed to start.", STUCK),
)  # fmt: skip

HEALTHY_DAY: tuple[tuple[str, str], ...] = (
    (f"{SERVICE} has reached a steady state.", ""),
    (f"{SERVICE} has started 2 tasks: (task {TASK}) (task {TASK}).", ""),
    (f"{SERVICE} has stopped 1 running tasks: (task {TASK}).", ""),
    ("(service {name}, taskSet ecs-svc/1) has begun draining connections on 1 tasks.", ""),
    (f"{SERVICE} registered 1 targets in (target-group {GROUP})", ""),
    (f"{SERVICE} deregistered 1 targets in (target-group {GROUP})", ""),
    (f"{SERVICE} registered 1 instances in (elb {{name}})", ""),
    (f"{SERVICE} deregistered 1 instances in (elb {{name}})", ""),
    ("(service {name}, taskSet ecs-svc/1) updated computedDesiredCount for taskSet ecs-svc/1 to"
     " 2.", ""),
    (f"{_DEPLOYMENT} deployment completed.", ""),
    ("Message: Successfully set desired count to 2. Change successfully fulfilled by ecs.", ""),
)  # fmt: skip

STOPS: tuple[tuple[str, str], ...] = (
    ("TaskFailedToStart", STUCK),
    ("EssentialContainerExited", "task-crash-loop"),
    ("UserInitiated", ""),
    ("ServiceSchedulerInitiated", ""),
    ("SpotInterruption", ROOM),
    ("TerminationNotice", ""),
    ("InfrastructureHealth", STUCK),
    ("Task failed container health checks", "health-check-mismatch"),
    (f"Task failed ELB health checks in (target-group {GROUP})", "targets-unhealthy"),
    ("Task failed ELB health checks in (elb {name})", "targets-unhealthy"),
    ("Essential container in task exited", "task-crash-loop"),
    ("Scaling activity initiated by (deployment ecs-svc/1)", ""),
    ("Task stopped by user", ""),
    ("Host EC2 (instance i-0a1b) stopped.", ""),
    ("Host EC2 (instance i-0a1b) terminated.", ""),
    ("Container instance deregistration forced by user", ""),
    ("ECS is performing maintenance on the underlying infrastructure hosting the task.", ""),
)

FAILURES: tuple[tuple[str, str], ...] = (
    ("MISSING", "service-missing"),
    ("INACTIVE", ""),
    ("TASK_NOT_VALID", ""),
    ("DEPLOYMENT_BLOCKED", ""),
    ("ECS deployment failed", ""),
    ("InvalidParameterException", ""),
)

TARGETS: tuple[tuple[str, str], ...] = (
    ("Elb.RegistrationInProgress", ""),
    ("Elb.InitialHealthChecking", ""),
    ("Elb.InternalError", "targets-unhealthy"),
    ("Target.ResponseCodeMismatch", "health-check-mismatch"),
    ("Target.Timeout", WAY),
    ("Target.FailedHealthChecks", "port-mismatch"),
    ("Target.NotRegistered", "target-group-empty"),
    ("Target.NotInUse", "target-group-detached"),
    ("Target.InvalidState", "target-group-empty"),
    ("Target.IpUnusable", "target-group-empty"),
    ("Target.DeregistrationInProgress", ""),
    ("Target.HealthCheckDisabled", ""),
)

SCALING: tuple[tuple[str, str], ...] = (
    ("Setting desired count to 1.", ""),
    ("monitor alarm {name} in state ALARM triggered policy {name}", ""),
    ("scheduled action name {name} was triggered", ""),
    ("minimum capacity was set to 0", ""),
    ("maximum capacity was set to 4", ""),
)
