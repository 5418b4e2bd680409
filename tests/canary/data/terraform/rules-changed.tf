# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.
# Type command 3 and 4 of the fix as well: no configuration holds that.

import {
  to = aws_lb_listener_rule.rule_105
  id = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443/105"
}

# The plan must show the import and a change of `condition`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this listener rule, set `condition` there instead.
resource "aws_lb_listener_rule" "rule_105" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 105

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }

  lifecycle {
    ignore_changes = [tags, tags_all]
  }
}

import {
  to = aws_lb_listener_rule.rule_50
  id = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443/50"
}

# The plan must show the import and a change of `priority`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this listener rule, set `priority` there instead.
resource "aws_lb_listener_rule" "rule_50" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 7

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
  }

  condition {
    path_pattern {
      values = ["/mlflow/*"]
    }
  }

  lifecycle {
    ignore_changes = [tags, tags_all]
  }
}
