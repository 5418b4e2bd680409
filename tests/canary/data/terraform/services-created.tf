# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

# The plan must show a new ECS service.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
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
    registry_arn   = "arn:r"
    port           = 1
    container_name = "web"
    container_port = 2
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

resource "aws_ecs_service" "web_2" {
  name                = "web"
  task_definition     = "x"
  scheduling_strategy = "DAEMON"

  deployment_configuration {
    strategy = "ROLLING"
  }

  network_configuration {
    subnets          = ["s"]
    assign_public_ip = true
  }

  capacity_provider_strategy {
    capacity_provider = "SPOT"
    weight            = 1
    base              = 0
  }
}
