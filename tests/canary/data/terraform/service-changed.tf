# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.
# Type command 2 of the fix as well: no configuration holds that.

import {
  to = aws_ecs_service.hokusai_registry_development
  id = "hokusai-cluster-development/hokusai-registry-development"
}

# The plan must show the import and a change of `task_definition` and `desired_count`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this ECS service, set `task_definition` and `desired_count` there instead.
resource "aws_ecs_service" "hokusai_registry_development" {
  cluster                            = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-cluster-development"
  name                               = "hokusai-registry-development"
  task_definition                    = "web:8"
  desired_count                      = 3
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  scheduling_strategy                = "REPLICA"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 150
  health_check_grace_period_seconds  = 120
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  enable_execute_command             = false
  propagate_tags                     = "SERVICE"

  deployment_controller {
    type = "ECS"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    alarm_names = ["5xx"]
    enable      = true
    rollback    = false
  }

  deployment_configuration {
    strategy = "ROLLING"
  }

  network_configuration {
    subnets          = ["subnet-private"]
    security_groups  = ["sg-registry"]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
    container_name   = "web"
    container_port   = 8001
  }

  service_registries {
    registry_arn   = "arn:aws:servicediscovery:x:1:service/srv-registry"
    container_name = "web"
  }

  lifecycle {
    ignore_changes = [tags, tags_all, volume_configuration, vpc_lattice_configurations, wait_for_steady_state]
  }
}
