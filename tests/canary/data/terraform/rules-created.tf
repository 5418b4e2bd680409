# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

# The plan must show a new listener rule.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
resource "aws_lb_listener_rule" "rule_1" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 1

  action {
    type  = "authenticate-cognito"
    order = 1

    authenticate_cognito {
      user_pool_arn              = "arn:pool"
      user_pool_client_id        = "id"
      user_pool_domain           = "d"
      on_unauthenticated_request = "authenticate"
      scope                      = "openid"
      session_cookie_name        = "c"
      session_timeout            = 60

      authentication_request_extra_params = {
        "prompt" = "login"
      }
    }
  }

  action {
    type  = "jwt-validation"
    order = 2

    jwt_validation {
      issuer        = "https://i"
      jwks_endpoint = "https://i/jwks"

      additional_claim {
        format = "single-string"
        name   = "scope"
        values = ["read", "write"]
      }
    }
  }

  action {
    type  = "forward"
    order = 3

    forward {
      target_group {
        arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
        weight = 3
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
      }

      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }

  condition {
    path_pattern {
      regex_values = ["^/a"]
    }
  }

  condition {
    http_header {
      http_header_name = "X"
      values           = ["1"]
    }
  }

  condition {
    http_request_method {
      values = ["GET", "PUT"]
    }
  }

  condition {
    source_ip {
      values = ["10.0.0.0/8"]
    }
  }

  condition {
    query_string {
      key   = "k"
      value = "v"
    }

    query_string {
      value = "w"
    }
  }

  transform {
    type = "host-header-rewrite"

    host_header_rewrite_config {
      rewrite {
        regex   = "^/a"
        replace = "/b"
      }
    }
  }

  transform {
    type = "url-rewrite"

    url_rewrite_config {
      rewrite {
        regex   = "^/a"
        replace = "/b"
      }
    }
  }

  tags = {
    "owner" = "web"
  }
}

resource "aws_lb_listener_rule" "rule_2" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 2

  action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      host        = "#{host}"
      port        = "443"
      path        = "/a"
      query       = ""
      status_code = "HTTP_301"
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_3" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 3

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = ""
      status_code  = "404"
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_4" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 4

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_5" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 5

  action {
    type = "forward"

    forward {
      target_group {
        arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
        weight = 0
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_6" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 6

  action {
    type = "forward"

    forward {
      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
      }

      stickiness {
        enabled  = true
        duration = 60
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_7" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 7

  action {
    type = "forward"

    forward {
      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}

resource "aws_lb_listener_rule" "rule_8" {
  listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hokusai-registry-lb/1234/443"
  priority     = 8

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}
