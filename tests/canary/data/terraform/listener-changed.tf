# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

import {
  to = aws_lb_listener.hokusai_registry_lb_443
  id = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
}

# The plan must show the import and a change of `port` and `ssl_policy` and `certificate_arn`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this listener, set `port` and `ssl_policy` and `certificate_arn` there instead.
resource "aws_lb_listener" "hokusai_registry_lb_443" {
  load_balancer_arn                                  = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/hokusai-registry-lb/1234"
  protocol                                           = "HTTPS"
  port                                               = 444
  ssl_policy                                         = "Q"
  routing_http_response_server_enabled               = false
  routing_http_response_x_frame_options_header_value = "DENY"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
  }

  lifecycle {
    ignore_changes = [tags, tags_all]
  }
}

# The plan must show a new certificate of the listener.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
resource "aws_lb_listener_certificate" "hokusai_registry_lb_certificate" {
  listener_arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  certificate_arn = "arn:one"
}
