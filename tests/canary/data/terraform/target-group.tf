# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

import {
  to = aws_lb_target_group.hokusai_registry_development_tg
  id = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
}

# The plan must show the import and a change of `health_check`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this target group, set `health_check` there instead.
resource "aws_lb_target_group" "hokusai_registry_development_tg" {
  name                              = "hokusai-registry-development-tg"
  port                              = 8001
  protocol                          = "HTTP"
  target_type                       = "ip"
  vpc_id                            = "vpc-1"
  protocol_version                  = "HTTP1"
  ip_address_type                   = "ipv4"
  deregistration_delay              = "30"
  slow_start                        = "0"
  load_balancing_algorithm_type     = "round_robin"
  load_balancing_cross_zone_enabled = "use_load_balancer_configuration"

  stickiness {
    enabled         = true
    type            = "app_cookie"
    cookie_duration = "600"
    cookie_name     = "session"
  }

  target_group_health {
    dns_failover {
      minimum_healthy_targets_count      = "1"
      minimum_healthy_targets_percentage = "off"
    }
  }

  health_check {
    enabled             = true
    protocol            = "HTTP"
    port                = "8080"
    path                = "/new"
    interval            = 30
    timeout             = 5
    healthy_threshold   = 5
    unhealthy_threshold = 2
    matcher             = "200-299"
  }

  lifecycle {
    ignore_changes = [tags, tags_all, lambda_multi_value_headers_enabled, proxy_protocol_v2]
  }
}
