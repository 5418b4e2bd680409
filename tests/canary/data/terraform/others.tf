# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.
# Type command 7 of the fix as well: no configuration holds that.

# The plan must show a new log group.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
resource "aws_cloudwatch_log_group" "ecs_web" {
  name = "/ecs/web"
}

import {
  to = aws_iam_role_policy.web_role_read_it
  id = "web-role:read.it"
}

# The plan must show the import and a change of `policy`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this policy of the role, set `policy` there instead.
resource "aws_iam_role_policy" "web_role_read_it" {
  role   = "web-role"
  name   = "read.it"
  policy = "{\"Statement\": []}"
}

# The plan must show a new policy of the role.
resource "aws_iam_role_policy" "web_role_read_it_2" {
  role   = "web-role"
  name   = "read.it"
  policy = "{\"Statement\": []}"
}

# The plan must show a new policy on the role.
resource "aws_iam_role_policy_attachment" "web_role_read" {
  role       = "web-role"
  policy_arn = "arn:p/Read"
}

# The plan must show a new name in Cloud Map.
resource "aws_service_discovery_service" "web" {
  name = "web"

  dns_config {
    namespace_id   = "ns-1"
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }
}

# The plan must show a new ECS service.
resource "aws_ecs_service" "web" {
  cluster                            = "c"
  name                               = "web"
  task_definition                    = "web:7"
  desired_count                      = 2
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  scheduling_strategy                = "REPLICA"
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 150
  health_check_grace_period_seconds  = 90
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  enable_execute_command             = false
  propagate_tags                     = "SERVICE"

  tags = {
    "a"     = "b"
    "empty" = ""
  }

  deployment_controller {
    type = "ECS"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = false
  }

  alarms {
    alarm_names = ["a"]
    enable      = true
    rollback    = false
  }

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = 5
  }

  network_configuration {
    subnets          = ["s-1", "s-2"]
    security_groups  = ["sg-1"]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
    elb_name         = "classic"
    container_name   = "web"
    container_port   = 80

    advanced_configuration {
      alternate_target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
      production_listener_rule   = "arn:rule"
      test_listener_rule         = "arn:test"
      role_arn                   = "arn:role"
    }
  }

  service_registries {
    registry_arn = aws_service_discovery_service.web.arn
  }

  ordered_placement_strategy {
    type  = "spread"
    field = "az"
  }

  placement_constraints {
    type       = "memberOf"
    expression = "x"
  }
}
